"""Invariants: the properties of Figure 3, checked from outside at every step.

A `StateProbe` asks servers for their state whenever it may have changed. Saved
bytes are never read, but the step in which a server wrote its disk is known. That
alone shows when too few servers can have voted, or can have stored a committed
command.

No check may fail a correct Raft. So an answer counts as true at some moment since
the question, `start` may return late and in any order, and a term that was
reported but never sent need not have been saved.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from labrpc.clock import to_seconds
from labrpc.errors import SubmissionError
from labrpc.world.events import Action, Call, Event, Reply, Request, Result
from labrpc.world.observer import Observer
from labrpc.world.rpc import Incarnation
from tester import codes
from tester.oracles.answers import Answers
from tester.oracles.commits import COMMIT_CAUSES, Proposal, Proposals
from tester.oracles.evidence import facts
from tester.oracles.leadership import Leadership, StateReport
from tester.oracles.report_lag import TrueSince, since_asked
from tester.oracles.watched_world import WatchedWorld
from tester.text import short


class Applied(msgspec.Struct, frozen=True, gc=False):
    """A command, and the first server that applied it at its index.

    Attributes:
        step: the world's step in which the service took it.
    """

    command: Any
    index: int
    server: int
    step: int
    time_ns: int

    def __str__(self) -> str:
        """Return the server, the index and the time, for a report."""
        return (
            f"server {self.server} applied {short(self.command)} at index "
            f"{self.index} at {to_seconds(self.time_ns):.6f} s"
        )


class Invariants(Observer):
    """Checks one world, and ends the run at the event that breaks a property.

    Args:
        world: where the servers run.
        persistence: whether servers have to save what they vote for and store, as
            from part 2C on.
        elections: whether a leader must have been answered by a majority.
        starts: whether the lab itself calls `start`, so that it knows what may be
            applied.
        true_since: since which step a report may be true.

    Attributes:
        decided: the first command applied at each index, by any server.
        states: each server's last report: its term, and whether it leads.
    """

    def __init__(
        self,
        world: WatchedWorld,
        persistence: bool,
        elections: bool = False,
        starts: bool = True,
        true_since: TrueSince = since_asked,
    ) -> None:
        servers = self._servers = range(world.server_count)
        self.decided: dict[int, Applied] = {}
        self.states: list[tuple[int, bool] | None] = [None for _ in servers]
        self._world = world
        self._starts = starts
        self._saved_at_step = [0 for _ in servers]
        answers = Answers(world) if elections else None
        self._leadership = Leadership(world, persistence, answers, true_since)
        self._proposals = Proposals(world, persistence)
        # Per server, what it was the first to apply since its last state report.
        self._applied_since: list[Applied | None] = [None for _ in servers]
        world.observe(self)

    @property
    def leaders(self) -> dict[int, StateReport]:
        """The first report of leadership in each term."""
        return self._leadership.leaders

    @property
    def accepted(self) -> int:
        """The highest index at which a leader has put a command."""
        return self._proposals.accepted

    # State reports.

    def settled(
        self,
        now_ns: int,
        host: Incarnation,
        event: Event,
        actions: Sequence[Action],
    ) -> None:
        """Note whether a server has saved its state, or sent a message, in a step."""
        server = host.server
        if not actions or server not in self._servers:
            return
        saved_at_step = self._world.saved_at_step[server]
        if saved_at_step != self._saved_at_step[server]:
            self._saved_at_step[server] = saved_at_step
            self._leadership.note_saved(host)
        sent = is_answer = False
        for action in actions:
            kind = type(action)
            if kind is Result:
                # `start` has answered: what the server sent after that, is not judged.
                break
            if kind is Call or kind is Reply:
                sent = True
                is_answer = is_answer or _answers(action, event)
        if sent:
            self._leadership.note_sent(host, is_answer)

    def reported(
        self,
        host: Incarnation,
        term: int,
        leads: bool,
        asked: int,
        by_start: bool = False,
    ) -> None:
        """Check what a server has reported about itself.

        Args:
            asked: the world's step before the question.
            by_start: whether `start` has returned it.

        Raises:
            SubmissionError: the report contradicts Figure 2 or 3.
        """
        self.states[host.server] = term, leads
        report = self._leadership.add(host, term, leads, asked, by_start)
        applied = self._applied_since[host.server]
        if applied is not None and min(asked, report.since) >= applied.step:
            # What it applied was committed in the term it is in now, or earlier.
            self._proposals.committed(applied.index, term, (applied, report))
            self._applied_since[host.server] = None

    # Proposed and applied commands.

    def proposed(self, host: Incarnation, command: Any) -> Proposal:
        """Note that a command is about to be proposed to a server."""
        return self._proposals.begin(host.server, command)

    def answered(
        self, host: Incarnation, proposal: Proposal, answer: tuple[int, int, bool]
    ) -> None:
        """Check what `start` has returned.

        Raises:
            SubmissionError: the index or the term contradicts Figure 3.
        """
        index, term, leads = answer
        self._proposals.end(proposal, index, term, leads)
        # By the contract, a server that does not lead may return any index and term.
        if leads:
            self.reported(host, term, leads, proposal.step, by_start=True)
            self._proposals.check_accepted(proposal)

    def applied(self, server: int, index: int, command: Any) -> None:
        """Check a command that a server applies.

        Raises:
            SubmissionError: another one was applied there (State Machine Safety),
                or it cannot be committed.
        """
        world = self._world
        now = Applied(command, index, server, world.steps, world.now_ns)
        first = self.decided.get(index)
        if first is None:
            if self._starts:
                self._proposals.check_committed(server, index, command)
                self._applied_since[server] = now
            self.decided[index] = now
        elif first.command != command or type(first.command) is not type(command):
            raise SubmissionError(
                codes.APPLIED_DIFFERENTLY,
                f"server {server} applied {short(command)} at index {index}, where "
                f"server {first.server} had applied {short(first.command)} "
                "(State Machine Safety, Figure 3)",
                f"{first}\n{now}\n"
                "one of the two was applied before it was committed, or was replaced "
                f"after that\n{COMMIT_CAUSES}",
                facts([first, now]),
            )


def _answers(action: Action, event: Event) -> bool:
    """Return whether an action is the reply to a request."""
    return (
        type(action) is Reply
        and type(event) is Request
        and action.request_id == event.request_id
    )
