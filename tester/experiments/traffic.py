"""Who sends to all others, and whom a new leader's messages have reached."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from labrpc.world.events import Action, Call, Event, Request, Response, Wake
from labrpc.world.host import NEVER_NS
from labrpc.world.observer import Observer
from labrpc.world.rpc import Incarnation


@dataclass
class Broadcast:
    """Messages to several others in one step, as candidates and new leaders send them.

    Attributes:
        sent_ns: when they were sent.
        messages: their bytes, by which they are known again at their arrival.
        heard_ns: when each other server received one of them first.
    """

    sent_ns: int
    messages: set[bytes]
    heard_ns: dict[int, int] = field(default_factory=dict)


class Traffic(Observer):
    """Watches broadcasts of servers.

    It is called at each step, so it does little, and does not follow messages one by one.

    Attributes:
        broadcast_ns: when each server last sent to more than one other.
        begun: broadcasts since the last `forget`, by sender: those that follow an answer
            or a wake-up, as the first ones of leaders do.
        retry_ns: how long a candidate waits at least before it tries again. A server that
            wakes up after so long without a broadcast is a candidate, and no new leader.
        followed: broadcasts whose arrivals are noted, by sender.
    """

    def __init__(self) -> None:
        self.broadcast_ns: dict[int, int] = {}
        self.retry_ns = NEVER_NS
        self.forget()

    def forget(self) -> None:
        """Watch anew."""
        self.begun: dict[int, Broadcast] = {}
        self.followed: dict[int, Broadcast] = {}

    def settled(
        self, now_ns: int, host: Incarnation, event: Event, actions: Sequence[Action]
    ) -> None:
        """Note a broadcast, or the arrival of one that is followed."""
        if self.followed and type(event) is Request:
            self._note_arrival(now_ns, host.server, event)
        # A broadcast is the last thing that a server does in a step.
        if len(actions) < 2 or type(actions[-1]) is not Call:
            return
        sent = [action.data for action in actions if type(action) is Call]
        if len(sent) > 1:
            self._note_broadcast(now_ns, host.server, event, set(sent))

    def _note_arrival(self, now_ns: int, server: int, request: Request) -> None:
        followed = self.followed.get(request.src)
        if followed is not None and request.data in followed.messages:
            followed.heard_ns.setdefault(server, now_ns)

    def _note_broadcast(
        self, now_ns: int, server: int, event: Event, messages: set[bytes]
    ) -> None:
        before_ns = self.broadcast_ns.get(server, now_ns)
        self.broadcast_ns[server] = now_ns
        if server in self.followed:
            # The first message to some server may be lost: a later one ends its wait.
            self.followed[server].messages |= messages
        may_retry = type(event) is Wake and now_ns - before_ns >= self.retry_ns
        if not may_retry and type(event) in (Response, Wake):
            self.begun[server] = Broadcast(now_ns, messages)
