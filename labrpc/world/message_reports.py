"""Reports to observers of what becomes of each message, from send to end.

The network reports what it decides; the world reports each event that comes due.
Exists only while an observer wants to know, and changes nothing in the network.
"""

from typing import Protocol

from labrpc.world.events import Call
from labrpc.world.observer import Observers
from labrpc.world.rpc import Delivery, Incarnation, Loss, Rpc


class Clock(Protocol):
    """Where the time of each report comes from."""

    now_ns: int


class MessageReports:
    """Follows the RPCs of one world, beginning with the next that is sent.

    Args:
        observers: where to report.
        clock: the world's time.
    """

    def __init__(self, observers: Observers, clock: Clock) -> None:
        self._observers = observers
        self._clock = clock
        self._rpcs = 0
        self._latest: Rpc | None = None
        # Requests on their way or in a handler, by request id.
        self._open: dict[int, Delivery] = {}
        # What is on its way, by the number of the event that lets it arrive.
        self._requests: dict[int, Delivery] = {}
        self._replies: dict[int, Delivery] = {}

    def sent(self, caller: Incarnation, call: Call) -> None:
        """Report a new RPC; what follows next says what becomes of its request."""
        self._rpcs += 1
        self._latest = Rpc(self._rpcs, caller, call.call_id, call.dst, call.method)
        for notify in self._observers.request_sent:
            notify(self._clock.now_ns, self._latest)

    def lost_at_once(self, why: Loss) -> None:
        """Report that the network does not carry the latest RPC's request."""
        assert self._latest is not None
        self._report_loss(Delivery(self._latest), why)

    def on_its_way(
        self, serial: int, request_id: int, receiver: Incarnation, copy: bool
    ) -> None:
        """Follow the latest RPC's request, or a copy, to the event of this number."""
        assert self._latest is not None
        delivery = Delivery(self._latest, request_id, receiver, copy)
        self._open[request_id] = delivery
        self._requests[serial] = delivery

    def due(self, serial: int) -> None:
        """Report what arrives with an event, or would if its receiver were up."""
        request = self._requests.pop(serial, None)
        if request is not None:
            assert request.receiver is not None
            if request.receiver.up:
                for notify in self._observers.request_arrived:
                    notify(self._clock.now_ns, request)
            else:
                self.lost(request.request_id, Loss.RECEIVER_CRASHED)
            return
        reply = self._replies.pop(serial, None)
        if reply is None:
            return
        if reply.rpc.caller.up:
            for notify in self._observers.reply_arrived:
                notify(self._clock.now_ns, reply)
        else:
            self._report_loss(reply, Loss.CALLER_GONE)

    def replied(self, request_id: int) -> None:
        """Report that a handler has returned, if its request is followed."""
        delivery = self._open.get(request_id)
        if delivery is not None:
            for notify in self._observers.reply_sent:
                notify(self._clock.now_ns, delivery)

    def reply_on_its_way(self, serial: int, request_id: int) -> None:
        """Follow a reply that arrives with the event of this number."""
        delivery = self._open.pop(request_id, None)
        if delivery is not None:
            self._replies[serial] = delivery

    def lost(self, request_id: int, why: Loss) -> None:
        """Report that a request or the reply to it is gone, once."""
        delivery = self._open.pop(request_id, None)
        if delivery is not None:
            self._report_loss(delivery, why)

    def crashed(self, receiver: Incarnation) -> None:
        """Report the requests that have arrived and will not be answered any more.

        Those still on their way are lost when they would arrive.
        """
        coming = {delivery.request_id for delivery in self._requests.values()}
        gone = [
            request_id
            for request_id, delivery in self._open.items()
            if delivery.receiver is receiver and request_id not in coming
        ]
        for request_id in gone:
            self.lost(request_id, Loss.RECEIVER_CRASHED)

    def _report_loss(self, delivery: Delivery, why: Loss) -> None:
        for notify in self._observers.lost:
            notify(self._clock.now_ns, delivery, why)
