"""The log above a snapshot: entries have the indices they always had."""

import pickle
from typing import Any

# Entries are saved in blocks of so many: see Log.pack.
BLOCK = 64

Entry = tuple[int, Any]
"""(term, command). A bare tuple: the whole log is pickled at every append."""


class Log:
    """Entries from `last_included_index + 1` on (section 7).

    The entry at `last_included_index` is known by its term only; before any
    snapshot that is index 0, term 0, which every log has in common.
    """

    def __init__(
        self,
        last_included_index: int = 0,
        last_included_term: int = 0,
        entries: list[Entry] | None = None,
    ) -> None:
        self.last_included_index = last_included_index
        self.last_included_term = last_included_term
        self.entries = entries or []
        self._blocks: list[bytes] = []

    @property
    def last_index(self) -> int:
        """The index of the last entry."""
        return self.last_included_index + len(self.entries)

    @property
    def last_term(self) -> int:
        """The term of the last entry."""
        return self.entries[-1][0] if self.entries else self.last_included_term

    def term_at(self, index: int) -> int:
        """Return the term of the entry at `index`, which must not be compacted away."""
        if index == self.last_included_index:
            return self.last_included_term
        return self.entries[index - self.last_included_index - 1][0]

    def command_at(self, index: int) -> Any:
        """Return the command of the entry at `index`."""
        return self.entries[index - self.last_included_index - 1][1]

    def entries_from(self, index: int) -> list[Entry]:
        """Return the entries from `index` on."""
        return self.entries[index - self.last_included_index - 1 :]

    def append(self, entry: Entry) -> None:
        """Add an entry at the end."""
        self.entries.append(entry)

    def truncate_from(self, index: int) -> None:
        """Delete the entry at `index` and all that follow it."""
        kept = index - self.last_included_index - 1
        del self.entries[kept:]
        del self._blocks[kept // BLOCK :]

    def first_index_of_term_at(self, index: int) -> int:
        """Return the first index, above the snapshot, of the term at `index`."""
        term = self.term_at(index)
        while index > self.last_included_index + 1 and self.term_at(index - 1) == term:
            index -= 1
        return index

    def last_index_of_term(self, term: int) -> int | None:
        """Return the last index at which there is an entry of `term`, if any."""
        for index in range(self.last_index, self.last_included_index, -1):
            if self.term_at(index) <= term:
                return index if self.term_at(index) == term else None
        return None

    def compact(self, index: int, term: int) -> None:
        """Forget everything up to `index`; keep what follows if it fits.

        What follows is kept only if this log has the entry that the snapshot
        ends with (Figure 13, steps 6 and 7).
        """
        if index <= self.last_index and self.term_at(index) == term:
            self.entries = self.entries_from(index + 1)
        else:
            self.entries = []
        self._blocks = []
        self.last_included_index = index
        self.last_included_term = term

    def pack(self) -> tuple[int, int, list[bytes], list[Entry]]:
        """Return the log in a form that is quick to save again and again.

        The log is saved whole at every append, so blocks of entries that do
        not change any more are pickled once and kept.
        """
        while (len(self._blocks) + 1) * BLOCK <= len(self.entries):
            first = len(self._blocks) * BLOCK
            self._blocks.append(pickle.dumps(self.entries[first : first + BLOCK]))
        tail = self.entries[len(self._blocks) * BLOCK :]
        return self.last_included_index, self.last_included_term, self._blocks, tail

    @classmethod
    def unpack(
        cls, index: int, term: int, blocks: list[bytes], tail: list[Entry]
    ) -> "Log":
        """Return the log that was packed."""
        return cls(index, term, [e for b in blocks for e in pickle.loads(b)] + tail)
