"""The part of the log that follows the snapshot; entries keep their indices."""

import io
import pickle
from dataclasses import dataclass, field
from typing import Any

Entry = tuple[int, Any]
"""The term in which a leader received a command, and the command."""


@dataclass
class Log:
    """The entries from `last_included_index + 1` on (section 7).

    The snapshot holds everything up to `last_included_index`. Of the entry
    there, only the term is still known. Before the first snapshot both are 0:
    every log begins with the same empty prefix.

    The whole log is saved whenever it has changed, but an entry never changes. So
    each is pickled only once, when it comes into the log.
    """

    last_included_index: int = 0
    last_included_term: int = 0
    entries: list[Entry] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._pickled = list(map(pickle.dumps, self.entries))

    def __reduce__(self) -> tuple[Any, ...]:
        """Let pickle save the entries as they are: pickled, one after another."""
        entries = b"".join(self._pickled)
        return _restored, (self.last_included_index, self.last_included_term, entries)

    @property
    def last_index(self) -> int:
        """The index of the last entry."""
        return self.last_included_index + len(self.entries)

    @property
    def last_term(self) -> int:
        """The term of the last entry."""
        return self.term_at(self.last_index)

    def term_at(self, index: int) -> int:
        """Return the term of the entry at `index`, which the log must still have."""
        if index == self.last_included_index:
            return self.last_included_term
        term, _ = self.entries[self._position(index)]
        return term

    def command_at(self, index: int) -> Any:
        """Return the command of the entry at `index`."""
        _, command = self.entries[self._position(index)]
        return command

    def entries_from(self, index: int) -> list[Entry]:
        """Return the entry at `index` and all that follow it."""
        return self.entries[self._position(index) :]

    def contains(self, index: int, term: int) -> bool:
        """Return whether the log has an entry of this term at this index.

        What the snapshot holds is committed, so any leader has the same entries
        there. Of their terms only the last is still known.
        """
        if index < self.last_included_index:
            return True
        return index <= self.last_index and self.term_at(index) == term

    def append(self, *entries: Entry) -> None:
        """Add entries at the end."""
        self.entries.extend(entries)
        self._pickled.extend(map(pickle.dumps, entries))

    def truncate_from(self, index: int) -> None:
        """Delete the entry at `index` and all that follow it."""
        position = self._position(index)
        del self.entries[position:], self._pickled[position:]

    def compact(self, index: int, term: int) -> None:
        """Discard what a snapshot holds, which ends with an entry of this term.

        Entries after it stay if the log has that last entry (Figure 13, step
        6); otherwise the log conflicts with the snapshot, or is too short, and
        all of it goes (step 7).
        """
        fits = index <= self.last_index and self.term_at(index) == term
        position = self._position(index + 1) if fits else len(self.entries)
        del self.entries[:position], self._pickled[:position]
        self.last_included_index = index
        self.last_included_term = term

    def first_index_of_term_at(self, index: int) -> int:
        """Return the first index, after the snapshot, of the term at `index`."""
        term = self.term_at(index)
        while index > self.last_included_index + 1 and self.term_at(index - 1) == term:
            index -= 1
        return index

    def last_index_of_term(self, term: int) -> int | None:
        """Return the index of the last entry of `term`, None if there is none."""
        for index in range(self.last_index, self.last_included_index, -1):
            if self.term_at(index) == term:
                return index
        return None

    def _position(self, index: int) -> int:
        """Return where in `entries` the entry at `index` is."""
        return index - self.last_included_index - 1


def _restored(index: int, term: int, pickled: bytes) -> Log:
    """Return the log that was saved, whose snapshot ends at `index`."""
    file = io.BytesIO(pickled)
    entries: list[Entry] = []
    while file.tell() < len(pickled):
        entries.append(pickle.load(file))
    return Log(index, term, entries)
