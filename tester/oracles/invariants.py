"""What must hold at every moment: the properties of Figure 3, as seen from outside.

Looked after from the first step to the last, whatever the scenario does. What
a server believes is asked with `get_state` when that may have changed: after
it has saved its state, started, or begun to call another RPC than before (a
candidate that has won begins to replicate). What is stored is not looked into;
but when a server wrote its disk is known, and that alone shows when too few
can have voted, or can have stored what was committed.

None of this may stop a correct Raft. So an answer counts as true at some
moment since the question, `start` may return late and in any order, and a
term that was told but never sent need not have been saved.
"""

from functools import partial
from typing import Any

import msgspec

from labrpc.clock import to_seconds
from labrpc.errors import SubmissionError
from labrpc.world.events import Action, Call, Reply, Result
from labrpc.world.world import Host, World
from tester.oracles.commits import Offer, Offers, short
from tester.oracles.leadership import Belief, Beliefs


class Applied(msgspec.Struct, frozen=True, gc=False):
    """A command that some server applied: the first one to do so at its index.

    Attributes:
        step: the world's step in which the service took it.
    """

    command: Any
    index: int
    server: int
    step: int
    time_ns: int

    def __str__(self) -> str:
        """Return where this comes from, for a report."""
        return (
            f"server {self.server} applied {short(self.command)} at index "
            f"{self.index} at {to_seconds(self.time_ns):.6f} s"
        )


class Invariants:
    """Looks after one world, and ends the run at the event that breaks a property.

    Args:
        world: where the servers run.
        persistence: whether servers have to save what they vote for and store, as
            from part 2C on.

    Attributes:
        decided: the first command applied at each index, by any server.
        states: what each server has last said of itself, its term and whether it leads.
    """

    def __init__(self, world: World, persistence: bool) -> None:
        self.decided: dict[int, Applied] = {}
        self.states: list[tuple[int, bool] | None] = [None for _ in world.hosts]
        self._world = world
        servers = range(len(world.hosts))
        self._asked: list[Host | None] = [None for _ in servers]
        self._saved_at_step = [0 for _ in servers]
        self._method = ["" for _ in servers]
        self._beliefs = Beliefs(world, persistence)
        self._offers = Offers(world, persistence)
        # Per server, what it was the first to apply since it last said its term.
        self._applied_since: list[Applied | None] = [None for _ in servers]
        world.on_step = self._stepped

    @property
    def leaders(self) -> dict[int, Belief]:
        """Who was first seen to lead each term."""
        return self._beliefs.leaders

    def end(self) -> None:
        """Ask servers nothing any more, as `kill` is about to be called."""
        self._world.on_step = None

    # What servers believe.

    def _stepped(self, host: Host, actions: list[Action]) -> None:
        """Ask a server for its state if this step may have changed it."""
        server = host.server
        saved_at_step = self._world.saved_at_step[server]
        changed = saved_at_step != self._saved_at_step[server]
        if changed:
            self._saved_at_step[server] = saved_at_step
            self._beliefs.note_saved(host)
        told = False
        for action in actions:
            if type(action) is Call:
                told = True
                if action.method != self._method[server]:
                    self._method[server] = action.method
                    changed = True
            elif type(action) is Reply:
                told = True
            elif type(action) is Result:
                # It has just answered `start`, which tells its term as well.
                changed = False
                break
        if told:
            self._beliefs.note_told(host)
        if changed and host.ready and host.up and self._asked[server] is not host:
            self._asked[server] = host
            asked = self._world.steps
            self._world.invoke_then(
                host, partial(self._answered, host, asked), "get_state"
            )

    def _answered(self, host: Host, asked: int, answer: Any) -> None:
        self._asked[host.server] = None
        if isinstance(answer, (tuple, list)) and len(answer) == 2:
            term, leads = answer
            if type(term) is int and type(leads) is bool:
                self.believes(host, term, leads, asked)

    def believes(self, host: Host, term: int, leads: bool, asked: int) -> None:
        """Take in what a server has said of itself.

        Args:
            asked: the world's step before it was asked.

        Raises:
            SubmissionError: it cannot be so (Figure 2 or 3).
        """
        self.states[host.server] = term, leads
        belief = self._beliefs.add(host, term, leads, asked)
        applied = self._applied_since[host.server]
        if applied is not None and asked >= applied.step:
            # What it applied was committed in the term it is in now, or earlier.
            self._offers.committed(applied.index, term, (applied, belief))
            self._applied_since[host.server] = None

    # What is started and applied.

    def offered(self, host: Host, command: Any) -> Offer:
        """Note that a command is about to be offered to a server."""
        return self._offers.begin(host.server, command)

    def accepted(self, host: Host, offer: Offer, answer: tuple[int, int, bool]) -> None:
        """Take in what `start` has returned.

        Raises:
            SubmissionError: the index or the term cannot be (Figure 3).
        """
        index, term, leads = answer
        self._offers.end(offer, index, term, leads)
        # The contract: who does not lead may say anything about index and term.
        if leads:
            self.believes(host, term, leads, offer.step)
            self._offers.check_accepted(offer)

    def applied(self, server: int, index: int, command: Any) -> None:
        """Take in that a server applies a command.

        Raises:
            SubmissionError: another one was applied there (State Machine Safety),
                or nobody can have committed it.
        """
        world = self._world
        now = Applied(command, index, server, world.steps, world.now_ns)
        first = self.decided.get(index)
        if first is None:
            self._offers.check_committed(server, index, command)
            self.decided[index] = self._applied_since[server] = now
        elif first.command != command or type(first.command) is not type(command):
            raise SubmissionError(
                f"server {server} applied {short(command)} at index {index}, "
                f"where server {first.server} has applied {short(first.command)} "
                "(State Machine Safety, Figure 3)",
                f"{first}\n{now}\n"
                "a committed entry was replaced. Look at the vote's up-to-date "
                "check (5.4.1), the commit rule (5.4.2, Figure 8), and at what "
                "is persisted before a reply (Figure 2)",
            )
