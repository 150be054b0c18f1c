"""The first event at which two runs part, as before and after an edit.

Runs of one test and one seed meet the same accidents as long as the servers act alike.
What they print, and which attributes they have, may differ all the way.
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from tester.errors import UsageError
from tester.traces import rows
from tester.traces.reader import Trace
from tester.traces.rows import AnyRow
from tester.views.lines import ending
from tester.views.wording import row_line, when

COMMON_SHOWN = 4
# Numbers of rows differ as soon as one run has printed more.
_NUMBERS = ("n", "step", "cause")
_NOT_BEHAVIOUR = (
    rows.Printed, rows.Annotated, rows.Changed, rows.Warned, rows.Scenario,
)  # fmt: skip


def difference(one: Trace, other: Trace) -> Iterator[str]:
    """Yield where two runs part, in words.

    Raises:
        UsageError: they are not of one test and one seed.
    """
    for field in ("test", "seed", "servers", "preempt"):
        left, right = getattr(one.header, field), getattr(other.header, field)
        if left != right:
            raise UsageError(
                f"these are traces of different runs ({field} {left} and {right}): "
                "record the same test and seed before and after the edit"
            )
    yield f"{one.header.test}, seed {one.header.seed}"
    left_rows, right_rows = _behaviour(one), _behaviour(other)
    same = _common(left_rows, right_rows)
    if same == len(left_rows) == len(right_rows):
        yield f"the runs are the same: {same} events"
        return
    if same:
        yield f"the runs are the same for {same} events, until {when(left_rows[same - 1].t)}:"
        for row in left_rows[max(same - COMMON_SHOWN, 0) : same]:
            yield f"    {row_line(row, one)}"
    yield "then they part:"
    for name, trace, found in (("one", one, left_rows), ("other", other, right_rows)):
        yield f"  {name:5}  {_next(trace, found, same)}"
    until = min(
        (found[same].t for found in (left_rows, right_rows) if same < len(found)),
        default=0,
    )
    yield from _attributes(one, other, until)


def _behaviour(trace: Trace) -> list[AnyRow]:
    return [row for row in trace.rows if not isinstance(row, _NOT_BEHAVIOUR)]


def _common(left: list[AnyRow], right: list[AnyRow]) -> int:
    """Return how many rows at the beginning are the same."""
    for place, (a, b) in enumerate(zip(left, right, strict=False)):
        if type(a) is not type(b) or _content(a) != _content(b):
            return place
    return min(len(left), len(right))


def _content(row: AnyRow) -> dict[str, Any]:
    fields = msgspec.structs.asdict(row)
    return {name: value for name, value in fields.items() if name not in _NUMBERS}


def _next(trace: Trace, found: list[AnyRow], place: int) -> str:
    if place < len(found):
        return row_line(found[place], trace)
    return ending(trace.end) if trace.end is not None else "the recording ends"


def _attributes(one: Trace, other: Trace, until_t: int) -> Iterator[str]:
    """Yield the first attribute with different values, among those that both runs have."""
    left, right = _changes(one, until_t), _changes(other, until_t)
    names = {name for _, _, name in left} & {name for _, _, name in right}
    for key in sorted(left.keys() | right.keys()):
        t, server, name = key
        if name in names and left.get(key) != right.get(key):
            before, after = (found.get(key, "unchanged") for found in (left, right))
            yield (
                f"the servers' attributes first differ at {when(t)}: server {server}, "
                f"{name}: {before} in one, {after} in the other"
            )
            return


def _changes(trace: Trace, until_t: int) -> dict[tuple[int, int, str], str]:
    return {
        (row.t, row.server, name): value
        for row in trace.rows
        if type(row) is rows.Changed and row.t <= until_t
        for name, value in row.fields.items()
    }
