"""Whether entries of AppendEntries are read as the submission means them.

A submission may arrange an entry as it likes. What is taken for its term and its command
is compared with what the trace says elsewhere; where the two do not agree, nothing is said
of entries. A few differences are what a mistake in the log looks like.
"""

from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

from tester.explain.exchanges import APPEND_ENTRIES
from tester.explain.history import History
from tester.traces.rows import Applied, Proposed
from tester.traces.values import Value

# The least number of comparisons that agree for each that does not.
AGREE_FOR_ONE = 20
# How a submission arranges entries shows in the first of them.
COMPARED_MAX = 2000


def terms_are_readable(history: History) -> bool:
    """Return whether what is taken for entries' terms is that.

    A leader sends the term of an entry within the entry and, later, as prev_log_term. No
    entry is of a later term than its leader's.
    """
    return history.appends_are_readable and _agree(_terms_compared(history))


def commands_are_readable(history: History) -> bool:
    """Return whether what is taken for entries' commands is that.

    A leader sends what `start` was given, at the index that it has returned.
    """
    return history.appends_are_readable and _agree(_commands_compared(history))


class Commands:
    """What entries hold beside their terms.

    Args:
        history: the run.

    Attributes:
        are_readable: whether what is taken for entries' commands is that.
    """

    def __init__(self, history: History) -> None:
        self.are_readable = commands_are_readable(history)
        self._history = history

    def holds(self, index: int, command: Value) -> bool:
        """Return whether what an entry holds is a command as `start` is given it.

        In a run of few commands, it is if some server has applied it at this index, and
        another entry held what start was given.
        """
        return self.are_readable or repr(command) in self._applied[index]

    @cached_property
    def _applied(self) -> defaultdict[int, set[str]]:
        """What was applied at each index, if any entry is readable."""
        found: defaultdict[int, set[str]] = defaultdict(set)
        if not any(_commands_compared(self._history)):
            return found
        for row in self._history.rows_of(Applied):
            if type(row) is Applied and type(row.index) is int:
                found[row.index].add(repr(row.command))
        return found


def _agree(comparisons: Iterator[bool]) -> bool:
    agree = differ = 0
    for same in comparisons:
        agree, differ = agree + same, differ + (not same)
    return agree > 0 and differ * AGREE_FOR_ONE <= agree


def _terms_compared(history: History) -> Iterator[bool]:
    sent: dict[tuple[int, int, int], int | None] = {}
    for rpc in history.calls(APPEND_ENTRIES)[:COMPARED_MAX]:
        term, prev = rpc.arg("term") or 0, rpc.arg("prev_log_index") or 0
        known = sent.get((rpc.src, term, prev))
        if known is not None:
            yield known == rpc.arg("prev_log_term")
        for index, entry in rpc.entries_by_index.items():
            if entry.term is None or entry.term > term:
                yield False
            sent[rpc.src, term, index] = entry.term


def _commands_compared(history: History) -> Iterator[bool]:
    sent = {
        (rpc.src, rpc.arg("term"), index): entry.command
        for rpc in history.calls(APPEND_ENTRIES)[:COMPARED_MAX]
        for index, entry in rpc.entries_by_index.items()
    }
    for row in history.rows_of(Proposed):
        if type(row) is Proposed and row.leads:
            key = (row.server, row.term, row.index)
            if key in sent:
                yield sent[key] == row.command
