"""The log above the last snapshot, addressed by the paper's indices."""

from .messages import Entry


class Log:
    """Entries from `start + 1` on; the entry at `start` is in the snapshot."""

    def __init__(self, start: int, start_term: int, entries: list[Entry]) -> None:
        self.start = start
        self.start_term = start_term
        self.entries = entries

    @property
    def last_index(self) -> int:
        return self.start + len(self.entries)

    @property
    def last_term(self) -> int:
        return self.term(self.last_index)

    def __getitem__(self, index: int) -> Entry:
        return self.entries[index - self.start - 1]

    def term(self, index: int) -> int:
        return self.start_term if index == self.start else self[index].term

    def has(self, index: int, term: int) -> bool:
        return self.start <= index <= self.last_index and self.term(index) == term

    def suffix(self, index: int) -> list[Entry]:
        """Return a copy of the entries from `index` on."""
        return self.entries[index - self.start - 1 :]

    def replace(self, index: int, entries: list[Entry]) -> None:
        """Put `entries` at `index`; nothing follows them."""
        self.entries[index - self.start - 1 :] = entries

    def first_of_term(self, index: int) -> int:
        """Return the first index that has the same term as `index`."""
        term = self.term(index)
        while index - 1 > self.start and self.term(index - 1) == term:
            index -= 1
        return index

    def last_with_term(self, term: int, below: int) -> int | None:
        """Return the last index of a term that is less than `below`, if there is one."""
        indices = range(below - 1, self.start, -1)
        return next((i for i in indices if self.term(i) == term), None)

    def compact(self, index: int, term: int) -> None:
        """Drop all up to `index`, and the rest too unless it continues from there."""
        self.entries = self.suffix(index + 1) if self.has(index, term) else []
        self.start, self.start_term = index, term
