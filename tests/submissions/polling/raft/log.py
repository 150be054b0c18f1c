"""The entries that follow the last snapshot, addressed by their index in the whole log.

`base` is the last position inside the snapshot: its term is still needed to check
what comes next, its command is not.
"""

from .messages import Conflict, Entry, Position


class Log:
    """A log whose beginning may have gone into a snapshot."""

    def __init__(self, base: Position, entries: list[Entry]) -> None:
        self.base = base
        self.entries = entries

    @property
    def last(self) -> Position:
        return self.at(self.base.index + len(self.entries))

    def entry(self, index: int) -> Entry:
        return self.entries[index - self.base.index - 1]

    def at(self, index: int) -> Position:
        """Position of an index from the base to the end."""
        if index == self.base.index:
            return self.base
        return Position(self.entry(index).term, index)

    def holds(self, place: Position) -> bool:
        in_range = self.base.index <= place.index <= self.last.index
        return in_range and self.at(place.index) == place

    def after(self, index: int) -> list[Entry]:
        # A copy: the message is encoded later, when the log may have changed.
        return self.entries[index - self.base.index :]

    def append(self, entry: Entry) -> None:
        self.entries.append(entry)

    def merge(self, prev: Position, entries: list[Entry]) -> bool:
        """Write a leader's entries after `prev`; did that change anything?

        What agrees stays, and so does all that follows it: a message that was
        overtaken by a longer one must not cut off what the longer one brought.
        """
        for offset, new in enumerate(entries):
            index = prev.index + 1 + offset
            if index > self.last.index or self.entry(index).term != new.term:
                keep = index - self.base.index - 1
                self.entries = self.entries[:keep] + entries[offset:]
                return True
        return False

    def conflict_at(self, index: int) -> Conflict:
        """Tell the leader how far to back up, given that `index` does not match."""
        if index > self.last.index:
            return Conflict(None, self.last.index + 1)
        term = self.at(index).term
        while index - 1 > self.base.index and self.at(index - 1).term == term:
            index -= 1
        return Conflict(term, index)

    def next_for(self, conflict: Conflict, prev: Position) -> int:
        """Return the index to send next to a follower that answered `conflict`."""
        if conflict.term is not None:
            for index in range(prev.index - 1, self.base.index - 1, -1):
                if self.at(index).term == conflict.term:
                    return index + 1
                if self.at(index).term < conflict.term:
                    break  # terms only grow along a log: it is not to be found
        return conflict.index

    def compact(self, base: Position) -> None:
        """Forget all up to `base`; what follows it is kept only if it belongs there."""
        self.entries = self.after(base.index) if self.holds(base) else []
        self.base = base
