"""Asking servers for their state, whenever it may have changed.

A server is asked with `get_state` after a step in which it saved its state, or called
another RPC method than before: a candidate that has won begins to replicate. Where all
messages are of one method, that does not show it. So one that is not known to lead is asked
now and then as well, as long as it calls others. Asking steps the server's box, so it is part
of the run, and no observer's business.
"""

from functools import partial
from typing import Any

from labrpc.clock import MILLISECOND
from labrpc.world.events import Action, Call, Result
from labrpc.world.host import Host
from labrpc.world.world import World
from tester.oracles.invariants import Invariants

# How often a server is asked at least that calls others and is not known to lead.
ASK_EVERY_NS = 50 * MILLISECOND


class StateProbe:
    """Asks the servers of one world, and passes what they report to the invariants.

    Args:
        world: where the servers run.
        invariants: checks each report.
        method: which asks for it.

    Attributes:
        active: whether to ask; switched off before `kill` is called.
    """

    def __init__(
        self, world: World, invariants: Invariants, method: str = "get_state"
    ) -> None:
        self.active = True
        self._world = world
        self._invariants = invariants
        servers = range(world.server_count)
        # The incarnation that has been asked and has not answered yet.
        self._asked: list[Host | None] = [None for _ in servers]
        self._saved_at_step = [0 for _ in servers]
        self._called = ["" for _ in servers]
        self._asked_ns = [0 for _ in servers]
        self._answered_by: list[Host | None] = [None for _ in servers]
        self._servers = servers
        self._get_state = method

    def step_done(self, host: Host, actions: list[Action]) -> None:
        """Ask a server for its state if this step may have changed it."""
        server = host.server
        if not self.active or server not in self._servers:
            return
        saved_at_step = self._world.saved_at_step[server]
        changed = saved_at_step != self._saved_at_step[server]
        self._saved_at_step[server] = saved_at_step
        for action in actions:
            if type(action) is Call:
                if action.method != self._called[server]:
                    self._called[server] = action.method
                    changed = True
                else:
                    changed = changed or self._may_have_won(host)
            elif type(action) is Result:
                # It has just answered `start`, which reports its term as well.
                return
        if changed and host.ready and host.up and self._asked[server] is not host:
            self._asked[server] = host
            self._asked_ns[server] = self._world.now_ns
            asked = self._world.steps
            self._world.invoke_then(
                host, partial(self._answered, host, asked), self._get_state
            )

    def _may_have_won(self, host: Host) -> bool:
        """Return whether a server that goes on to call others may lead by now."""
        server, state = host.server, self._invariants.states[host.server]
        if state is not None and state[1] and self._answered_by[server] is host:
            return False
        return self._world.now_ns - self._asked_ns[server] >= ASK_EVERY_NS

    def _answered(self, host: Host, asked: int, answer: Any) -> None:
        self._asked[host.server] = None
        self._answered_by[host.server] = host
        if isinstance(answer, (tuple, list)) and len(answer) == 2:
            term, leads = answer
            if type(term) is int and type(leads) is bool:
                self._invariants.reported(host, term, leads, asked)
