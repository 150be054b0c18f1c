"""Entries in an AppendEntries as a trace shows them."""

from dataclasses import dataclass

from tester.explain.history import Rpc
from tester.traces import values
from tester.traces.values import Value


@dataclass(frozen=True)
class Entry:
    """An entry: its term, None if that cannot be read; and its command."""

    term: int | None
    command: Value


def entries_of(rpc: Rpc) -> list[Entry]:
    """Return the entries of an AppendEntries; none if the list was too long to keep."""
    found = values.field(rpc.sent.body, "entries")
    if not isinstance(found, list):
        return []
    return [_entry(one) for one in found]


def entries_count(rpc: Rpc) -> int | None:
    """Return how many entries an AppendEntries has, None if that is not known."""
    return values.length(values.field(rpc.sent.body, "entries"))


def _entry(value: Value) -> Entry:
    if isinstance(value, list) and len(value) >= 2 and type(value[0]) is int:
        return Entry(value[0], value[1])
    return Entry(values.number(value, "term"), values.field(value, "command"))
