"""What messages show of one server: its term, its vote, its log."""

from dataclasses import dataclass, field

Terms = list[int]
"""The terms of consecutive entries."""


@dataclass
class ServerModel:
    """One server as its messages show it; a crash takes nothing of it.

    Attributes:
        term: the latest that it has shown, or received.
        stands_in: the term in which it is a candidate, 0 if it is none.
        leads_in: the term that it leads, 0 if it leads none.
        votes: the candidate that it voted for, by term.
        log: the term of each entry, by index.
        last: the index of its last entry.
        base: the last index of its snapshot.
        applied: the last index that it has applied.
        is_up: whether it runs.
    """

    term: int = 0
    stands_in: int = 0
    leads_in: int = 0
    votes: dict[int, int] = field(default_factory=dict)
    log: dict[int, int] = field(default_factory=dict)
    last: int = 0
    base: int = 0
    applied: int = 0
    is_up: bool = True

    @property
    def last_term(self) -> int:
        """The term of its last entry."""
        return self.log.get(self.last, 0)

    def observe_term(self, term: int) -> None:
        """Note a term that it has received or shown: a later one ends its role."""
        if term > self.term:
            self.term = term
            self.stands_in = self.leads_in = 0

    def store(self, prev: int, terms: Terms) -> dict[int, int]:
        """Store entries after `prev`; return what they replace, by index."""
        replaced: dict[int, int] = {}
        for index, term in enumerate(terms, start=prev + 1):
            if self.log.get(index, term) != term:
                replaced = {i: t for i, t in self.log.items() if i >= index}
                for gone in replaced:
                    del self.log[gone]
                self.last = index
            self.log[index] = term
        self.last = max(self.last, prev + len(terms))
        return replaced

    def install(self, index: int, term: int) -> None:
        """Replace the log up to `index` by a snapshot, and the rest where it conflicts."""
        keeps = self.log.get(index, term) == term
        self.log = {i: t for i, t in self.log.items() if i > index and keeps}
        self.log[index] = term
        self.last = max(self.log)
        self.base = max(self.base, index)
        self.applied = max(self.applied, index)
