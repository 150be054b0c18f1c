"""Proposals: commands given to `start`, where they were accepted, what may be committed.

An applied entry was proposed to the leader that put it at exactly this index. A
majority stored it first, so a majority has written its disk since it was proposed.
"""

from bisect import bisect_left, bisect_right
from typing import Any, NoReturn

import msgspec

from labrpc.clock import to_seconds
from labrpc.errors import Fact, SubmissionError
from tester import codes
from tester.oracles.evidence import Evidence, facts
from tester.oracles.watched_world import WatchedWorld
from tester.text import only, servers_named, short

# Why what is committed may not stay so.
COMMIT_CAUSES = (
    "possible causes: the vote's up-to-date check (section 5.4.1); the commit rule (section "
    "5.4.2, Figure 8), or a match_index that is too high; a follower that commits more than "
    "it shares with its leader (Figure 2, AppendEntries, step 5); what is saved before a "
    "reply; an entry deleted after it was acknowledged, or taken from the leader of an "
    "earlier term (sections 5.1 and 5.3)"
)


class Proposal(msgspec.Struct):
    """One call of `start`.

    Attributes:
        step: the world's step before the call.
        ended: the world's step in which the call returned, 0 if it has not.
        decided: the highest index that had been applied before the call.
        accepted: None until the call returns, and for ever if the server crashes.
    """

    server: int
    command: Any
    step: int
    time_ns: int
    decided: int
    ended: int = 0
    index: int = -1
    term: int = 0
    accepted: bool | None = None

    def __str__(self) -> str:
        """Return the outcome of the call, for a report."""
        when = f"{to_seconds(self.time_ns):.6f} s"
        what = f"start({short(self.command)}) on server {self.server} at {when}"
        if self.accepted is None:
            return f"{what} has not returned"
        if self.accepted:
            return f"{what} returned index {self.index} in term {self.term}"
        return f"{what} was refused in term {self.term}"


class Proposals:
    """All calls of `start` in a run.

    Args:
        world: where the servers run.
        persistence: whether a majority has to save a command before it is committed.

    Attributes:
        decided: the highest index that has been applied.
        accepted: the highest index that a leader has returned.
    """

    def __init__(self, world: WatchedWorld, persistence: bool) -> None:
        self.decided = self.accepted = 0
        self._world = world
        self._persistence = persistence
        self._by_command: dict[Any, list[Proposal]] = {}
        self._at: dict[tuple[int, int], Proposal] = {}
        self._latest_of_term: dict[int, Proposal] = {}
        # Three parallel lists: a term, the index up to which everything was committed
        # in that term, and the evidence for it. Terms and indices rise.
        self._committed_terms: list[int] = []
        self._committed_indices: list[int] = []
        self._committed_shown_by: list[tuple[Evidence, ...]] = []

    def begin(self, server: int, command: Any) -> Proposal:
        """Note that `start` is about to be called."""
        world = self._world
        proposal = Proposal(server, command, world.steps, world.now_ns, self.decided)
        self._by_command.setdefault(_key(command), []).append(proposal)
        return proposal

    def end(self, proposal: Proposal, index: int, term: int, accepted: bool) -> None:
        """Note what `start` has returned."""
        proposal.ended = self._world.steps
        proposal.index, proposal.term, proposal.accepted = index, term, accepted

    def committed(self, index: int, term: int, shown_by: tuple[Evidence, ...]) -> None:
        """Note that `index` was committed in `term` at the latest.

        Args:
            shown_by: the evidence, one report line each.
        """
        terms, indices = self._committed_terms, self._committed_indices
        upto = bisect_right(terms, term)
        if upto and indices[upto - 1] >= index:
            return
        begin = end = bisect_left(terms, term)
        while end < len(terms) and indices[end] <= index:
            end += 1
        terms[begin:end] = [term]
        indices[begin:end] = [index]
        self._committed_shown_by[begin:end] = [shown_by]

    def check_accepted(self, proposal: Proposal) -> None:
        """Check the index at which a leader has put a command.

        Raises:
            SubmissionError: the leader had put another command there, or lacks entries
                that were committed before its term.
        """
        index, term = proposal.index, proposal.term
        self.accepted = max(self.accepted, index)
        before = self._at.setdefault((term, index), proposal)
        if before is proposal:
            latest = self._latest_of_term.get(term)
            if latest is None or index > latest.index:
                self._latest_of_term[term] = proposal
            elif latest.ended <= proposal.step:
                # Calls that overlap may return in any order.
                before = latest
        elif _same(before.command, proposal.command):
            # A retry by a client: this Raft recognises the command.
            return
        if before is not proposal:
            raise SubmissionError(
                codes.OVERWRITTEN_BY_LEADER,
                f"server {proposal.server} put a new command at index {index} in term "
                f"{term}, though it had put one at index {before.index} in that term "
                "(Leader Append-Only, Figure 3)",
                f"{before}\n{proposal}\n"
                "a leader only appends to its own log (section 5.3), also when start() "
                "is called by several threads at once, or while snapshot() discards entries; "
                "role, term and index are read, and the entry is appended, under one hold of "
                "the lock",
                facts([before, proposal]),
            )
        self._check_complete(proposal)

    def _check_complete(self, proposal: Proposal) -> None:
        """Check that a leader's log has every entry committed before its term."""
        place = bisect_right(self._committed_terms, proposal.term) - 1
        if place < 0:
            return
        committed = min(self._committed_indices[place], proposal.decided)
        if committed >= proposal.index:
            shown_by = "\n".join(map(str, self._committed_shown_by[place]))
            raise SubmissionError(
                codes.LEADER_LACKS_COMMITTED,
                f"server {proposal.server}, leader of term {proposal.term}, put a new command "
                f"at index {proposal.index}, though index {committed} had been "
                "committed: its log lacks that entry (Leader Completeness, Figure 3)",
                f"{shown_by}\n{proposal}\n{COMMIT_CAUSES}\n"
                "or no majority has voted for this leader (section 5.2)",
                facts([*self._committed_shown_by[place], proposal]),
            )

    def check_committed(self, server: int, index: int, command: Any) -> None:
        """Check that a command which a server is the first to apply can be committed.

        Raises:
            SubmissionError: it was not proposed at this index, or no majority stores it.
        """
        proposals = [
            proposal
            for proposal in self._by_command.get(_key(command), [])
            if proposal.command == command
        ]
        # A refused proposal counts as well: a leader that has appended the command may
        # step down before `start` returns.
        possible = [p for p in proposals if p.accepted is None or p.index == index]
        if not possible:
            self._never_proposed(server, index, command, proposals)
        self.decided = index
        if not self._persistence:
            return
        first = min(proposal.step for proposal in possible)
        saved_at = self._world.saved_at_step
        stored = [s for s, step in enumerate(saved_at) if step > first]
        if 2 * len(stored) <= len(saved_at):
            others = [s for s, step in enumerate(saved_at) if step <= first]
            raise SubmissionError(
                codes.NOT_STORED_BY_MAJORITY,
                f"server {server} applied {short(command)} at index {index}, but no "
                f"majority can have stored it: {only(stored, len(saved_at))} saved "
                "anything since start() was called (section 5.3)",
                f"{possible[0]}\n{servers_named(others)} saved nothing since then. "
                "Possible causes: a follower replied before it saved an entry; the "
                "leader counted a server that had not stored it (match_index); a server "
                "applied, at a restart perhaps, what was not committed",
                [*facts(possible[:1]), self._applied(server, index, command)],
            )

    def _never_proposed(
        self, server: int, index: int, command: Any, proposals: list[Proposal]
    ) -> NoReturn:
        if proposals:
            what = "start() never returned that index for it"
            why = "\n".join(map(str, proposals[-3:]))
        else:
            what = "it was never given to start()"
            why = (
                "if it is an entry of a leader's own, such as a no-op when its term "
                "begins: the contract allows none, since it takes the index of a command"
            )
        raise SubmissionError(
            codes.NEVER_STARTED,
            f"server {server} applied {short(command)} at index {index}, but {what} "
            "(section 5.3)",
            why,
            [*facts(proposals[-1:]), self._applied(server, index, command)],
        )

    def _applied(self, server: int, index: int, command: Any) -> Fact:
        return Fact(
            server,
            self._world.now_ns,
            f"server {server} applied {short(command)} at index {index}",
        )


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


def _key(command: Any) -> Any:
    """Return a key that distinguishes commands: 1, 1.0 and True are three.

    Unhashable commands share the key of their type, so callers compare them as well.
    """
    try:
        hash(command)
    except TypeError:
        return type(command)
    return type(command), command
