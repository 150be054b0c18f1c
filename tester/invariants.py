"""What must hold at every moment: the properties of Figure 3, as seen from outside.

Looked after from the first step to the last, whatever the scenario does. What
a server believes is asked with `get_state` when that may have changed: after
it has saved its state, started, or begun to call another RPC than before (a
candidate that has won begins to replicate). What is stored is not looked into;
but when a server wrote its disk is known, and that alone shows when too few
can have voted, or can have stored what was committed.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn

from labrpc.clock import to_seconds
from labrpc.errors import SubmissionError
from labrpc.events import Action, Call, Result
from labrpc.world import Host, World
from tester.offers import Offer, Offers, short


@dataclass(frozen=True)
class Applied:
    """A command that some server applied: the first one to do so at its index."""

    command: Any
    server: int
    time_ns: int


@dataclass(frozen=True)
class Belief:
    """What a server has answered: its term, and whether it leads.

    Attributes:
        step: the world's step in which the answer came.
    """

    server: int
    incarnation: int
    term: int
    leads: bool
    step: int
    time_ns: int

    def __str__(self) -> str:
        """Return where this comes from, for a report."""
        what = "leader of" if self.leads else "in"
        return (
            f"server {self.server} (incarnation {self.incarnation}) said at "
            f"{to_seconds(self.time_ns):.6f} s that it was {what} term {self.term}"
        )


class Invariants:
    """Looks after one world, and ends the run at the event that breaks a property.

    Args:
        world: where the servers run.
        persistence: whether servers have to save what they vote for and store, as
            from part 2C on.

    Attributes:
        decided: the first command applied at each index, by any server.
        leaders: who was first seen to lead each term.
    """

    def __init__(self, world: World, persistence: bool) -> None:
        self.decided: dict[int, Applied] = {}
        self.leaders: dict[int, Belief] = {}
        self._world = world
        self._servers = range(len(world.hosts))
        self._latest: list[Belief | None] = [None for _ in self._servers]
        self._asked: list[Host | None] = [None for _ in self._servers]
        self._saved_at_step = [0 for _ in self._servers]
        self._method = ["" for _ in self._servers]
        self._persistence = persistence
        self._offers = Offers(world, persistence)
        # Per server, the highest index that it was the first to apply since it
        # last said what term it is in.
        self._applied_since = [0 for _ in self._servers]
        world.on_step = self._stepped

    # What servers believe.

    def _stepped(self, host: Host, actions: list[Action]) -> None:
        """Ask a server for its state if this step may have changed it."""
        server = host.server
        changed = False
        saved_at_step = self._world.saved_at_step[server]
        if saved_at_step != self._saved_at_step[server]:
            self._saved_at_step[server] = saved_at_step
            changed = True
        for action in actions:
            if isinstance(action, Call) and action.method != self._method[server]:
                self._method[server] = action.method
                changed = True
            elif isinstance(action, Result):
                # It has just answered `start`, which tells its term as well.
                return
        if changed and host.ready and host.up and self._asked[server] is not host:
            self._asked[server] = host
            began = self._world.steps
            self._world.invoke_then(
                host, partial(self._answered, host, began), "get_state"
            )

    def _answered(self, host: Host, began: int, answer: Any) -> None:
        self._asked[host.server] = None
        if isinstance(answer, (tuple, list)) and len(answer) == 2:
            term, leads = answer
            if type(term) is int and type(leads) is bool:
                self.believes(host, term, leads, began)

    def believes(self, host: Host, term: int, leads: bool, began: int) -> None:
        """Take in what a server has said of itself.

        Args:
            began: the world's step in which it was asked.

        Raises:
            SubmissionError: it cannot be so (Figure 2 or 3).
        """
        world = self._world
        server = host.server
        belief = Belief(
            server, host.incarnation, term, leads, world.steps, world.now_ns
        )
        before = self._latest[server]
        if before is not None and term < before.term and began >= before.step:
            self._term_fell(before, belief)
        if before is None or term >= before.term:
            self._latest[server] = belief
        if self._applied_since[server]:
            self._offers.committed(self._applied_since[server], term)
            self._applied_since[server] = 0
        if leads:
            first = self.leaders.setdefault(term, belief)
            if first is belief:
                if self._persistence:
                    self._check_votes(belief)
            elif (first.server, first.incarnation) != (server, host.incarnation):
                self._two_leaders(first, belief)

    def _term_fell(self, before: Belief, now: Belief) -> NoReturn:
        _fail(
            f"the term of server {now.server} fell from {before.term} to {now.term} "
            "(Figure 2: current_term increases monotonically)",
            f"{before}",
            f"{now}",
            "current_term must be saved before any RPC that depends on it is sent "
            "or answered, and read again at a restart (Figure 2)",
        )

    def _two_leaders(self, first: Belief, second: Belief) -> NoReturn:
        _fail(
            f"term {first.term} has 2 leaders: servers {first.server} and "
            f"{second.server} (Election Safety, Figure 3)",
            f"{first}",
            f"{second}",
            "each server votes once in a term, and remembers that over a crash; votes "
            "of another term do not count (section 5.2, Figure 2)",
        )

    def _check_votes(self, leader: Belief) -> None:
        """Fail if no majority can have voted in the term that a server leads.

        A voter of term T has saved its state (term and vote) since it was last
        seen in an earlier term.
        """
        voters, others = [], []
        for server in self._servers:
            latest = self._latest[server]
            if (
                latest is not None and latest.term >= leader.term
            ) or self._world.saved_at_step[server] > (latest.step if latest else 0):
                voters.append(server)
            else:
                others.append(server)
        if self._is_majority(voters):
            return
        _fail(
            f"server {leader.server} leads term {leader.term}, but no majority can "
            f"have voted for it: only servers {_list(voters)} of "
            f"{len(self._servers)} (section 5.2)",
            f"{leader}",
            *[
                f"{self._latest[server] or f'server {server} was in no term yet'}, "
                "and has saved nothing since"
                for server in others
            ],
            "count only votes of this term, each peer's once, and save a vote "
            "before it is sent (section 5.2, Figure 2)",
        )

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
        self.believes(host, term, leads, offer.step)
        if leads:
            self._offers.check_accepted(offer)

    def applied(self, server: int, index: int, command: Any) -> None:
        """Take in that a server applies a command.

        Raises:
            SubmissionError: another one was applied there (State Machine Safety),
                or nobody can have committed it.
        """
        now_ns = self._world.now_ns
        first = self.decided.get(index)
        if first is None:
            self._offers.check_committed(server, index, command)
            self.decided[index] = Applied(command, server, now_ns)
            self._applied_since[server] = index
        elif first.command != command or type(first.command) is not type(command):
            _fail(
                f"server {server} applied {short(command)} at index {index}, "
                f"where server {first.server} has applied {short(first.command)} "
                "(State Machine Safety, Figure 3)",
                f"server {first.server} did so at {to_seconds(first.time_ns):.6f} s, "
                f"server {server} at {to_seconds(now_ns):.6f} s",
                "a committed entry was replaced. Look at the vote's up-to-date "
                "check (5.4.1), the commit rule (5.4.2, Figure 8), and at what "
                "is persisted before a reply (Figure 2)",
            )

    def _is_majority(self, servers: list[int]) -> bool:
        return 2 * len(servers) > len(self._servers)


def _fail(headline: str, *evidence: str) -> NoReturn:
    raise SubmissionError(headline, "\n".join(evidence))


def _list(servers: list[int]) -> str:
    return ", ".join(map(str, servers)) or "none"
