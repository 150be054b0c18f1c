"""Commands offered to servers: what was accepted where, and what may be committed.

An entry that is applied was started, by the leader that put it at just this
index; and it was stored by a majority first, so a majority has written its
disk since it was offered.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import Any

from labrpc.clock import to_seconds
from labrpc.errors import SubmissionError
from labrpc.world import World


@dataclass
class Offer:
    """One call of `start`.

    Attributes:
        step: the world's step before it was called.
        decided: the highest index that had been applied by then.
        accepted: None until it has returned, and for good if the server crashed.
    """

    server: int
    command: Any
    step: int
    time_ns: int
    decided: int
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
        # Up to which index all was committed by which term: both lists rise.
        self._committed_terms: list[int] = []
        self._committed_indices: list[int] = []

    def begin(self, server: int, command: Any) -> Offer:
        """Note that `start` is about to be called."""
        world = self._world
        offer = Offer(server, command, world.steps, world.now_ns, self.decided)
        self._by_command.setdefault(_key(command), []).append(offer)
        return offer

    def end(self, offer: Offer, index: int, term: int, accepted: bool) -> None:
        """Note what `start` has returned."""
        offer.index, offer.term, offer.accepted = index, term, accepted

    def committed(self, index: int, term: int) -> None:
        """Note that `index` was committed in `term` at the latest."""
        terms, indices = self._committed_terms, self._committed_indices
        upto = bisect_right(terms, term)
        if upto and indices[upto - 1] >= index:
            return
        begin = end = bisect_left(terms, term)
        while end < len(terms) and indices[end] <= index:
            end += 1
        terms[begin:end] = [term]
        indices[begin:end] = [index]

    def check_accepted(self, offer: Offer) -> None:
        """Check where a leader has put a command.

        Raises:
            SubmissionError: it had put another one there, or it lacks entries that
                were committed before its term.
        """
        index, term = offer.index, offer.term
        other = self._at.setdefault((term, index), offer)
        latest = self._latest_of_term.get(term)
        if other is not offer or (
            latest is not None and latest.index >= index and latest.step < offer.step
        ):
            before = other if other is not offer else latest
            raise SubmissionError(
                f"server {offer.server} put a new command at index {index} in term "
                f"{term}, where its log has had index {before.index if before else 0} "
                "in that term already (Leader Append-Only, Figure 3)",
                f"{before}\n{offer}\na leader only ever appends to its own log",
            )
        if latest is None or index > latest.index:
            self._latest_of_term[term] = offer
        self._check_complete(offer)

    def _check_complete(self, offer: Offer) -> None:
        """Check that a leader's log had all that was committed before."""
        place = bisect_right(self._committed_terms, offer.term) - 1
        if place < 0:
            return
        committed = min(self._committed_indices[place], offer.decided)
        if committed >= offer.index:
            raise SubmissionError(
                f"server {offer.server}, leader of term {offer.term}, put a new command "
                f"at index {offer.index}, though index {committed} was committed "
                "before: its log lacks it (Leader Completeness, Figure 3)",
                f"{offer}\nindex {self._committed_indices[place]} was committed in term "
                f"{self._committed_terms[place]} at the latest: some server that had "
                "applied it was in that term\nlook at the vote's up-to-date check (5.4.1), the commit rule "
                "(5.4.2), and at what is persisted before a reply (Figure 2)",
            )

    def check_committed(self, server: int, index: int, command: Any) -> None:
        """Check that a command that a server is the first to apply can be committed.

        Raises:
            SubmissionError: nobody started it there, or no majority stores it.
        """
        offers = self._by_command.get(_key(command), [])
        possible = [
            offer
            for offer in offers
            if offer.accepted is None or (offer.accepted and offer.index == index)
        ]
        if not possible:
            raise SubmissionError(
                f"server {server} applied {short(command)} at index {index}, where "
                "nobody started it (sections 5.3 and 8: only what a client has "
                "started is put into the log, by the leader that took it)",
                "\n".join(map(str, offers[-3:]))
                or "it was never offered to a server; a leader must not put entries of "
                "its own into the log either, such as a no-op when its term begins",
            )
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
                f"majority can have stored it: of {len(saved_at)} servers only "
                f"{stored} have saved their state since it was started (committed "
                "means stored on a majority: section 5.3, Figure 2)",
                f"{possible[0]}\nservers {others} have saved nothing since then; a "
                "follower saves what it appends before it replies (Figure 2)",
            )


def _key(command: Any) -> Any:
    """Return what tells commands apart: 1, 1.0 and True are three."""
    try:
        hash(command)
    except TypeError:
        return type(command), repr(command)
    return type(command), command


def short(value: Any) -> str:
    """Return a command as reports show it."""
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:30]}… ({len(text)} characters)"
