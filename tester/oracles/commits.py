"""Commands offered to servers: what was accepted where, and what may be committed.

An entry that is applied was started, by the leader that put it at just this
index; and it was stored by a majority first, so a majority has written its
disk since it was offered.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import Any, NoReturn

from labrpc.clock import to_seconds
from labrpc.errors import SubmissionError
from labrpc.world.world import World
from tester.oracles.leadership import numbers, only


@dataclass
class Offer:
    """One call of `start`.

    Attributes:
        step: the world's step before it was called.
        ended: the world's step in which it returned, 0 if it has not.
        decided: the highest index that had been applied by then.
        accepted: None until it has returned, and for good if the server crashed.
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
        """Return what became of it, for a report."""
        when = f"{to_seconds(self.time_ns):.6f} s"
        what = f"start({short(self.command)}) on server {self.server} at {when}"
        if self.accepted is None:
            return f"{what} has not returned"
        if self.accepted:
            return f"{what} returned index {self.index} in term {self.term}"
        return f"{what} was refused in term {self.term}"


class Offers:
    """All calls of `start` in a run.

    Args:
        world: where the servers run.
        persistence: whether what is committed has to be saved by a majority.

    Attributes:
        decided: the highest index that has been applied.
    """

    def __init__(self, world: World, persistence: bool) -> None:
        self.decided = 0
        self._world = world
        self._persistence = persistence
        self._by_command: dict[Any, list[Offer]] = {}
        self._at: dict[tuple[int, int], Offer] = {}
        self._latest_of_term: dict[int, Offer] = {}
        # Up to which index all was committed by which term, and how that is known:
        # three lists, of which the first two rise.
        self._committed_terms: list[int] = []
        self._committed_indices: list[int] = []
        self._committed_shown_by: list[tuple[object, ...]] = []

    def begin(self, server: int, command: Any) -> Offer:
        """Note that `start` is about to be called."""
        world = self._world
        offer = Offer(server, command, world.steps, world.now_ns, self.decided)
        self._by_command.setdefault(_key(command), []).append(offer)
        return offer

    def end(self, offer: Offer, index: int, term: int, accepted: bool) -> None:
        """Note what `start` has returned."""
        offer.ended = self._world.steps
        offer.index, offer.term, offer.accepted = index, term, accepted

    def committed(self, index: int, term: int, shown_by: tuple[object, ...]) -> None:
        """Note that `index` was committed in `term` at the latest.

        Args:
            shown_by: what a report is to say of it, a line each.
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

    def check_accepted(self, offer: Offer) -> None:
        """Check where a leader has put a command.

        Raises:
            SubmissionError: it had put another one there, or it lacks entries that
                were committed before its term.
        """
        index, term = offer.index, offer.term
        before = self._at.setdefault((term, index), offer)
        if before is offer:
            latest = self._latest_of_term.get(term)
            if latest is None or index > latest.index:
                self._latest_of_term[term] = offer
            elif latest.ended <= offer.step:
                # Had they been called at once, they might return in any order.
                before = latest
        elif _same(before.command, offer.command):
            # A client has tried again, and this Raft knows the command already.
            return
        if before is not offer:
            raise SubmissionError(
                f"server {offer.server} put a new command at index {index} in term "
                f"{term}, where its log has had index {before.index} in that term "
                "already (Leader Append-Only, Figure 3)",
                f"{before}\n{offer}\n"
                "a leader only ever appends to its own log (section 5.3)",
            )
        self._check_complete(offer)

    def _check_complete(self, offer: Offer) -> None:
        """Check that a leader's log had all that was committed before."""
        place = bisect_right(self._committed_terms, offer.term) - 1
        if place < 0:
            return
        committed = min(self._committed_indices[place], offer.decided)
        if committed >= offer.index:
            shown_by = "\n".join(map(str, self._committed_shown_by[place]))
            raise SubmissionError(
                f"server {offer.server}, leader of term {offer.term}, put a new command "
                f"at index {offer.index}, though index {committed} was committed "
                "before: its log lacks it (Leader Completeness, Figure 3)",
                f"{shown_by}\n{offer}\n"
                "look at the vote's up-to-date check (5.4.1), the commit rule "
                "(5.4.2), and at what is persisted before a reply (Figure 2)",
            )

    def check_committed(self, server: int, index: int, command: Any) -> None:
        """Check that a command that a server is the first to apply can be committed.

        Raises:
            SubmissionError: nobody started it there, or no majority stores it.
        """
        offers = [
            offer
            for offer in self._by_command.get(_key(command), [])
            if offer.command == command
        ]
        # Also if it was refused: a leader that has appended it may step down
        # before `start` returns.
        possible = [o for o in offers if o.accepted is None or o.index == index]
        if not possible:
            self._nobody_started(server, index, command, offers)
        self.decided = index
        if not self._persistence:
            return
        first = min(offer.step for offer in possible)
        saved_at = self._world.saved_at_step
        stored = [s for s, step in enumerate(saved_at) if step > first]
        if 2 * len(stored) <= len(saved_at):
            others = [s for s, step in enumerate(saved_at) if step <= first]
            raise SubmissionError(
                f"server {server} applied {short(command)} at index {index}, but no "
                f"majority can have stored it: {only(stored, len(saved_at))}, saved "
                "anything since it was started (committed means stored on a majority: section 5.3)",
                f"{possible[0]}\nservers {numbers(others)} have saved nothing since "
                "then: a follower saves what it appends before it replies, and so does "
                "a leader before it counts itself (Figure 2)",
            )

    def _nobody_started(
        self, server: int, index: int, command: Any, offers: list[Offer]
    ) -> NoReturn:
        if offers:
            why = "\n".join(map(str, offers[-3:]))
        else:
            why = (
                "it was never given to start() of any server. A leader must not put "
                "entries of its own into the log, such as a no-op when its term "
                "begins: they take the indices of commands (see the contract)"
            )
        raise SubmissionError(
            f"server {server} applied {short(command)} at index {index}, where nobody "
            "started it (section 5.3: an entry holds a command of a client, at the "
            "index where the leader put it)",
            why,
        )


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)


def _key(command: Any) -> Any:
    """Return what tells commands apart: 1, 1.0 and True are three.

    Lists and the like share one key: they have to be compared as well.
    """
    try:
        hash(command)
    except TypeError:
        return type(command)
    return type(command), command


def short(value: Any) -> str:
    """Return a command as reports show it."""
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:30]}… ({len(text)} characters)"
