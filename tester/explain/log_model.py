"""What a server's log must hold, by the proof of its own answers.

A model of one server's log is given what the server was given, and does what Figure 2
says. It knows an entry only if the server has acknowledged it, or `start` has returned its
index and it was sent: a leader may collect commands, and give them up if it is deposed. Wherever a correct Raft may have done one thing or another, the model forgets: a
handler that did not answer in the step in which its request came, a snapshot that was
installed, a refusal (a server may then delete what conflicts), a restart.

So what it says of a server does not depend on what other servers did wrong.
"""

from dataclasses import dataclass

from labrpc.clock import SECOND
from tester.explain.entries import Entry
from tester.explain.exchanges import Delivery, Rpc
from tester.traces.rows import AnyRow, AppliedSnapshot, Boot, Proposed, Replied
from tester.traces.values import Value

# What a server has taken from its log to apply may be so long on its way.
APPLYING_NS = SECOND


@dataclass(frozen=True)
class Known:
    """An entry that a server's log must hold.

    Attributes:
        term: its term.
        command: its command, None if it is not known.
        row: when the server acknowledged it, or `start` returned.
        in_term: the server's term then.
        settled: whether no other entry at this index can have been on its way to the
            service then.
    """

    term: int
    command: Entry | None
    row: AnyRow
    in_term: int
    settled: bool

    @property
    def how(self) -> str:
        """Return how it is known, after the server's name."""
        if type(self.row) is Proposed:
            return "had accepted by start"
        if type(self.row) is AppliedSnapshot:
            return "had the snapshot of"
        return "had acknowledged"

    def has_command(self, command: Value, at: AnyRow) -> bool:
        """Return whether it may be applied with a command at a row."""
        if self.command is None or self.command.command == command:
            return True
        return not self.settled and at.t - self.row.t < APPLYING_NS


class LogModel:
    """The log of one server.

    Attributes:
        known: what it must hold, by index.
        last_index: of its last entry, None if that is not certain.
        last_index_term: the server's term when that became certain.
        discarded: up to which index a snapshot may have replaced it.
    """

    def __init__(self) -> None:
        self.known: dict[int, Known] = {}
        self.last_index: int | None = 0
        self.last_index_term = 0
        self.discarded = 0
        self._top = 0
        self._leader_commit = 0
        self._led = False
        self._running: set[int] = set()
        self._proposed: dict[int, Proposed] = {}
        self._started: dict[tuple[int, int], Proposed] = {}
        self._changing_after: int | None = None

    def applies(self, index: int) -> Known | None:
        """Return the entry that it must hold as its server applies an index.

        What follows the entries before a request that is being handled may have been replaced.
        """
        after = self._changing_after
        return self.known.get(index) if after is None or index <= after else None

    def accepted_at(self, index: int, term: int) -> Proposed | None:
        """Return what `start` has returned an index for, if its server led this term.

        In this life of the server; whatever happens to its log, that stays true.
        """
        return self._started.get((index, term))

    def last_known(self, before_term: int | None = None) -> tuple[int, Known] | None:
        """Return the last entry that is known, and its index.

        With `before_term`, of those that were known before the server was in that term.
        """
        found = [
            index
            for index, known in self.known.items()
            if before_term is None or known.in_term < before_term
        ]
        return (max(found), self.known[max(found)]) if found else None

    def first_conflict(self, delivery: Delivery) -> tuple[int, Known, int] | None:
        """Return where an AppendEntries surely conflicts with it.

        The index, the entry that it has there, and the term of the one it was sent.
        """
        for index, entry in delivery.entries_by_index.items():
            known = self.known.get(index)
            if index <= self.discarded or known is None or entry.term is None:
                continue
            if known.term != entry.term:
                return index, known, entry.term
        return None

    # What is done to it.

    def boot(self, row: Boot, persistent: bool) -> None:
        """Restart: what was acknowledged was saved, if the test requires that."""
        self._running.clear()
        self._proposed.clear()
        self._started.clear()
        self._changing_after = None
        if row.incarnation <= 1:
            return
        # A leader may count what it has not saved yet as not stored.
        kept = {i: k for i, k in self.known.items() if type(k.row) is Replied}
        self.known = kept if persistent else {}
        self._top = max(self.known, default=0)
        self.last_index = None
        self._led = False

    def begin(self, delivery: Delivery) -> None:
        """Expect a change; forget all while a handler runs that does not answer at once."""
        if delivery.at_once:
            self._changing_after = delivery.arg("prev_log_index") or 0
        else:
            self._running.add(delivery.arrived.n)
            self.forget()

    def end(self, delivery: Delivery) -> None:
        """Expect no change any more; forget all once a handler answers that did not at once."""
        if delivery.at_once:
            self._changing_after = None
        else:
            self._running.discard(delivery.arrived.n)
            self.forget()

    def forget(self) -> None:
        """Know nothing any more."""
        self.known.clear()
        self._proposed.clear()
        self._top = 0
        self.last_index = None

    def propose(self, row: Proposed) -> None:
        """Note what `start` has returned an index for."""
        self._started.setdefault((row.index, row.term), row)
        if row.asked_t != row.t or self._running:
            self.forget()
            return
        self._proposed[row.index] = row

    def lead(self, rpc: Rpc) -> None:
        """Lead: what `start` has returned an index for, and is sent, is in the log.

        `start` may make the log longer before it returns.
        """
        prev, count = rpc.arg("prev_log_index") or 0, rpc.entries_count or 0
        for index in [i for i in self._proposed if prev < i <= prev + count]:
            row = self._proposed.pop(index)
            if row.term == rpc.arg("term"):
                self._set(index, Entry(row.term, row.command), row, row.term)
        self._led = True
        self.last_index = None

    def discard(self, index: int) -> None:
        """Note that a snapshot may replace it up to an index."""
        self.discarded = max(self.discarded, index)

    def apply_snapshot(self, index: int, term: int, row: AppliedSnapshot) -> None:
        """Begin with a snapshot that the service has."""
        if not self._running:
            self._set(index, Entry(term, None), row, term, command_known=False)

    def note_leader_commit(self, index: int) -> None:
        """Note up to which index a leader says that entries are committed."""
        self._leader_commit = max(self._leader_commit, index)

    def append(self, delivery: Delivery) -> None:
        """Store the entries of an AppendEntries that was accepted in its own term."""
        self._proposed.clear()
        prev, count = delivery.arg("prev_log_index"), delivery.entries_count
        term = delivery.arg("term")
        if prev is None or count is None or term is None or self._running:
            self.forget()
            return
        assert delivery.replied is not None
        row, entries, end = delivery.replied, delivery.entries_by_index, prev + count
        if any(self._differs(i, e) for i, e in entries.items() if i <= self.discarded):
            # Of what a snapshot holds, nothing is compared.
            self.forget()
            return
        prev_term = delivery.arg("prev_log_term")
        if prev > self.discarded and prev not in self.known and prev_term is not None:
            self._set(prev, Entry(prev_term, None), row, term, command_known=False)
        begin = max(prev, self.discarded) + 1
        first_new = next(
            (i for i in range(begin, end + 1) if self._is_new(i, entries)), 0
        )
        if first_new == 0:
            return
        self._note_last_index(first_new, end, entries.get(first_new), term)
        if self._top >= first_new:
            for index in [i for i in self.known if i >= first_new]:
                del self.known[index]
            self._top = max(self.known, default=0)
        for index, entry in entries.items():
            if index >= first_new:
                self._set(index, entry, row, term)

    def refuse(self, delivery: Delivery) -> None:
        """Refuse an AppendEntries: what conflicts with it may be deleted."""
        self._proposed.clear()
        prev = delivery.arg("prev_log_index")
        if prev is None or self._running:
            self.forget()
            return
        for index in [i for i in self.known if i >= prev]:
            del self.known[index]
        self._top = max(self.known, default=0)
        if self.last_index is not None and prev <= self.last_index:
            self.last_index = None

    def _set(
        self,
        index: int,
        entry: Entry,
        row: AnyRow,
        in_term: int,
        command_known: bool = True,
    ) -> None:
        if entry.term is None:
            return
        settled = index > self._leader_commit and not self._led
        command = entry if command_known else None
        self.known[index] = Known(entry.term, command, row, in_term, settled)
        self._top = max(self._top, index)

    def _is_new(self, index: int, entries: dict[int, Entry]) -> bool:
        """Return whether an entry may not be in the log already."""
        entry, known = entries.get(index), self.known.get(index)
        return entry is None or known is None or known.term != entry.term

    def _differs(self, index: int, entry: Entry | None) -> bool:
        """Return whether the log surely has another entry at an index."""
        known = self.known.get(index)
        return known is not None and entry is not None and known.term != entry.term

    def _note_last_index(
        self, first_new: int, end: int, entry: Entry | None, term: int
    ) -> None:
        """Note where the log ends once what follows `first_new` is stored."""
        before = self.last_index
        if self._differs(first_new, entry) or (before is not None and end >= before):
            self.last_index, self.last_index_term = end, term
        else:
            self.last_index = None
