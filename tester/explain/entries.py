"""Entries in an AppendEntries as a trace shows them."""

from typing import NamedTuple

from tester.traces import values
from tester.traces.values import Value


class Entry(NamedTuple):
    """An entry: its term, None if that cannot be read; and its command."""

    term: int | None
    command: Value


# Makes an `Entry` of a list of two in half the time.
_pair = tuple.__new__


def entries_of(body: Value) -> list[Entry]:
    """Return the entries of an AppendEntries; none if the list was too long to keep."""
    found = values.field(body, "entries")
    return _entries(found) if isinstance(found, list) else []


def entries_count(body: Value) -> int | None:
    """Return how many entries an AppendEntries has, None if that is not known."""
    return values.length(values.field(body, "entries"))


def entries_by_index(body: Value) -> dict[int, Entry]:
    """Return the entries of an AppendEntries by index.

    Of a list too long to keep, those at its beginning and at its end.
    """
    prev, count = values.number(body, "prev_log_index"), entries_count(body)
    if prev is None or not count:
        return {}
    kept = _entries(values.items(values.field(body, "entries")))
    if len(kept) == count:
        return dict(enumerate(kept, start=prev + 1))
    head = dict(enumerate(kept[: values.FIRST], start=prev + 1))
    tail = kept[values.FIRST :]
    return head | dict(enumerate(tail, start=prev + count - len(tail) + 1))


def _entries(found: list[Value]) -> list[Entry]:
    # Nearly all are a term and a command, and a trace may show a hundred thousand.
    return [
        _pair(Entry, one)
        if type(one) is list and len(one) == 2 and type(one[0]) is int
        else _entry(one)
        for one in found
    ]


def _entry(value: Value) -> Entry:
    if isinstance(value, list) and len(value) >= 2 and type(value[0]) is int:
        return Entry(value[0], value[1])
    return Entry(values.number(value, "term"), values.field(value, "command"))
