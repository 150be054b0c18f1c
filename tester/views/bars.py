"""Bars of operations in a laid-out run: from the line of the call to that of the return.

Operations that overlap in one lane, as submits to one server do, share a bar.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from tester.traces import rows
from tester.traces.operations import NO_ANSWER, Operation, operations
from tester.traces.reader import Trace

# The newest of them are enough for a page: a run may have thousands.
BARS_MAX = 1_000


@dataclass(frozen=True)
class Bar:
    """One operation, or several that overlap.

    Attributes:
        lane: the client or server.
        begin: the line of the call.
        end: the line of the return, or the one up to which it waits in vain.
        label: what it is.
        marks: of the facts that are about it, "" for none.
        returned: whether it returned.
    """

    lane: int
    begin: int
    end: int
    label: str
    marks: str
    returned: bool


def bars(trace: Trace, line_of: dict[int, int], lines: int) -> list[Bar]:
    """Return the bars of a run.

    Args:
        trace: the run.
        line_of: the line of each row, by the row's number.
        lines: how many lines there are.
    """
    found = operations(trace)[-BARS_MAX:]
    ends = _ends_of_lives(trace, line_of)
    spans: dict[int, list[tuple[int, int, Operation]]] = {}
    for one in found:
        begin = line_of[one.called.n]
        if one.returned is not None:
            end = line_of[one.returned.n]
        else:
            end = next((n for n in ends.get(one.lane, ()) if n > begin), lines - 1)
        spans.setdefault(one.lane, []).append((begin, end, one))
    return [
        _bar(group) for of_lane in spans.values() for group in _overlapping(of_lane)
    ]


def _ends_of_lives(trace: Trace, line_of: dict[int, int]) -> dict[int, list[int]]:
    """Return at which lines each server crashed."""
    found: dict[int, list[int]] = {}
    for row in trace.rows:
        if type(row) is rows.Control and row.verb == "crash":
            found.setdefault(row.args[0], []).append(line_of[row.n])
    return found


def _overlapping(
    spans: list[tuple[int, int, Operation]],
) -> Iterator[list[tuple[int, int, Operation]]]:
    """Yield spans of one lane, those together that overlap."""
    group: list[tuple[int, int, Operation]] = []
    until = -1
    for span in sorted(spans, key=lambda s: s[:2]):
        if group and span[0] >= until:
            yield group
            group = []
        group.append(span)
        until = max(until, span[1])
    if group:
        yield group


def _bar(group: list[tuple[int, int, Operation]]) -> Bar:
    of_group = [one for _, _, one in group]
    if len(of_group) == 1:
        label = of_group[0].label
    else:
        came_to = Counter(one.err or NO_ANSWER for one in of_group)
        label = f"{len(of_group)} operations: " + ", ".join(
            f"{count} {err}" for err, count in came_to.items()
        )
    return Bar(
        lane=of_group[0].lane,
        begin=group[0][0],
        end=max(end for _, end, _ in group),
        label=label,
        marks="".join(one.mark for one in of_group),
        returned=all(one.returned is not None for one in of_group),
    )
