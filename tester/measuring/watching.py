"""Observers that note when messages arrive and commands are applied."""

from collections.abc import Sequence

from labrpc.contract import ApplyMsg
from labrpc.world.events import Action, Apply, Event
from labrpc.world.observer import Observer
from labrpc.world.rpc import Delivery, Incarnation, Rpc


class Arrivals(Observer):
    """Notes which servers have received something that a server has sent lately.

    It looks at neither methods nor contents, so any protocol can be watched.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Note messages that are sent from now on."""
        self._sent_ns: dict[int, int] = {}
        self._arrived: dict[int, list[tuple[int, int, int]]] = {}

    def request_sent(self, now_ns: int, rpc: Rpc) -> None:
        """Note when a request was sent."""
        self._sent_ns[rpc.number] = now_ns

    def request_arrived(self, now_ns: int, delivery: Delivery) -> None:
        """Note when a request has arrived."""
        sent_ns = self._sent_ns.get(delivery.rpc.number)
        if sent_ns is not None:
            arrived = self._arrived.setdefault(delivery.rpc.caller.server, [])
            arrived.append((sent_ns, delivery.rpc.dst, now_ns))

    def heard_ns(self, sender: int, since_ns: int) -> dict[int, int]:
        """Return which servers have received something sent since, and when first."""
        heard: dict[int, int] = {}
        for sent_ns, receiver, at_ns in self._arrived.get(sender, ()):
            if sent_ns >= since_ns:
                heard.setdefault(receiver, at_ns)
        return heard


class Applications(Observer):
    """Notes when each server's current incarnation has put a command on its channel.

    Attributes:
        at_ns: when, by server and index.
    """

    def __init__(self) -> None:
        self.at_ns: dict[tuple[int, int], int] = {}

    def stepped(
        self, now_ns: int, host: Incarnation, event: Event, actions: Sequence[Action]
    ) -> None:
        """Note what is applied."""
        for action in actions:
            if type(action) is Apply:
                message = ApplyMsg(*action.message)
                if message.command_valid:
                    self.at_ns[host.server, message.command_index] = now_ns

    def crashed(self, now_ns: int, host: Incarnation) -> None:
        """Forget what an incarnation has applied: the next one begins anew."""
        for server, index in list(self.at_ns):
            if server == host.server:
                del self.at_ns[server, index]
