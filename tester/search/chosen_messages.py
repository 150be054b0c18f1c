"""The fates of messages in a run that choices drive, as observers of any world see them.

Exists only if somebody observes messages; the search does not.
"""

from collections import Counter

from labrpc.world.events import Call, Reply
from labrpc.world.message_reports import Clock
from labrpc.world.observer import Observers
from labrpc.world.rpc import Delivery, Incarnation, Loss, Rpc
from tester.search.choices import Deliver, Lose
from tester.search.world_state import Message, call_of

_CallKey = tuple[int, int, int]
"""A server, which of its lives, and the number of its call."""


class ChosenMessages:
    """Reports each message's fate.

    Args:
        observers: where to report.
        clock: the world's time.
    """

    def __init__(self, observers: Observers, clock: Clock) -> None:
        self._observers = observers
        self._clock = clock
        self._rpcs: dict[_CallKey, Rpc] = {}
        self._arrived: Counter[_CallKey] = Counter()
        # Requests in their handlers, by receiver, life and number.
        self._handled: dict[tuple[int, int, int], Delivery] = {}
        # Answered requests whose reply is on its way, the oldest first.
        self._answered: dict[_CallKey, list[Delivery]] = {}

    # What servers do.

    def called(self, caller: Incarnation, call: Call) -> None:
        """Report that a request leaves."""
        rpc = Rpc(len(self._rpcs) + 1, caller, call.call_id, call.dst, call.method)
        self._rpcs[caller.server, caller.incarnation, call.call_id] = rpc
        for notify in self._observers.request_sent:
            notify(self._clock.now_ns, rpc)

    def replied(self, receiver: Incarnation, reply: Reply) -> None:
        """Report that a handler has returned."""
        key = receiver.server, receiver.incarnation, reply.request_id
        delivery = self._handled.pop(key, None)
        if delivery is None:
            return
        rpc = delivery.rpc
        call = rpc.caller.server, rpc.caller.incarnation, rpc.call_id
        self._answered.setdefault(call, []).append(delivery)
        for notify in self._observers.reply_sent:
            notify(self._clock.now_ns, delivery)

    # What becomes of what they have sent.

    def chosen(
        self,
        choice: Deliver | Lose,
        message: Message,
        receiver: Incarnation,
        request_id: int,
    ) -> None:
        """Report that a message arrives, or is lost.

        Args:
            choice: which of the two.
            message: the message.
            receiver: where it arrives, if it does.
            request_id: the number that it gets there if it is a request.
        """
        rpc = self._rpcs.get(call_of(message))
        if rpc is None:
            return
        if message.reply:
            self._end_of_reply(choice, message, rpc)
        elif isinstance(choice, Lose):
            self._lost(Delivery(rpc), Loss.REQUEST_LOST)
        else:
            self._request_arrived(message, rpc, receiver, request_id)

    def _request_arrived(
        self, message: Message, rpc: Rpc, receiver: Incarnation, request_id: int
    ) -> None:
        copy = self._arrived[call_of(message)] > 0
        self._arrived[call_of(message)] += 1
        delivery = Delivery(rpc, request_id, receiver, copy)
        self._handled[receiver.server, receiver.incarnation, request_id] = delivery
        for notify in self._observers.request_arrived:
            notify(self._clock.now_ns, delivery)

    def _end_of_reply(self, choice: Deliver | Lose, message: Message, rpc: Rpc) -> None:
        answered = self._answered.get(call_of(message))
        if message.data is None or not answered:
            # It stands for no reply: the receiver has crashed.
            self._lost(Delivery(rpc), Loss.RECEIVER_CRASHED)
        elif isinstance(choice, Lose):
            self._lost(answered.pop(0), Loss.REPLY_LOST)
        else:
            delivery = answered.pop(0)
            for notify in self._observers.reply_arrived:
                notify(self._clock.now_ns, delivery)

    def _lost(self, delivery: Delivery, why: Loss) -> None:
        for notify in self._observers.lost:
            notify(self._clock.now_ns, delivery, why)
