"""Answers: which servers have sent a server something since it sent them something.

Whoever votes for a candidate answers it. By which RPC is not looked at: the vote may
be the reply to a request, or a request of the voter's own, as where all messages are
sent one way. So the rule holds for any Raft, and without persistence.
"""

from collections.abc import Sequence

from labrpc.world.events import Action, Call, Event, Request, Response
from labrpc.world.observer import Observer
from labrpc.world.rpc import Incarnation
from tester.oracles.watched_world import WatchedWorld


class Answers(Observer):
    """Notes who has answered whom.

    Args:
        world: where the servers run.
    """

    def __init__(self, world: WatchedWorld) -> None:
        self._world = world
        self._servers = range(world.server_count)
        # Per server, its RPCs under way: the server that was called, and the step.
        self._calls: list[dict[int, tuple[int, int]]] = [{} for _ in self._servers]
        # [server][other]: the step in which the last message of `other` has arrived.
        self._arrived = [[-1 for _ in self._servers] for _ in self._servers]
        # [server][other]: the last step of `server` of which `other` has answered.
        self._answered = [[-1 for _ in self._servers] for _ in self._servers]
        world.observe(self)

    def since(self, server: int, step: int) -> list[int]:
        """Return the other servers that answered what a server sent from a step on."""
        answered = self._answered[server]
        return [s for s in self._servers if s != server and answered[s] >= step]

    def started(self, now_ns: int, host: Incarnation) -> None:
        """Forget what a server's earlier incarnation called, and who answered that."""
        if host.server in self._servers:
            self._calls[host.server] = {}
            self._answered[host.server] = [-1 for _ in self._servers]

    def stepped(
        self,
        now_ns: int,
        host: Incarnation,
        event: Event,
        actions: Sequence[Action],
    ) -> None:
        """Note what has arrived in a step, and what was sent."""
        server, step = host.server, self._world.steps
        if server not in self._servers:
            return
        if type(event) is Response:
            other, sent = self._calls[server].pop(event.call_id, (server, -1))
            if event.data is not None:
                self._arrive(server, other, sent)
        elif type(event) is Request and event.src in self._servers:
            # When it was sent is not known here, so it counts as an answer to all
            # that has reached its sender by now.
            self._arrive(server, event.src, self._arrived[event.src][server])
        for action in actions:
            # A box that forges its actions may name any server, or a call twice.
            if type(action) is Call and 0 <= action.dst < len(self._servers):
                self._calls[server].setdefault(action.call_id, (action.dst, step))

    def _arrive(self, server: int, other: int, sent: int) -> None:
        """Note a message, which answers what its receiver had sent in step `sent`."""
        self._arrived[server][other] = self._world.steps
        answered = self._answered[server]
        if sent > answered[other]:
            answered[other] = sent
