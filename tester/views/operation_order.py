"""The operations that contradict each other, as bars one below the other.

Time goes to the right, from event to event and not to scale: what counts is which
operation had returned when another one was called.
"""

from dataclasses import dataclass
from itertools import pairwise

from tester.traces.operations import Operation, operations
from tester.traces.reader import Trace

# How many operations on the same key are shown beside those that contradict each other.
OTHERS_MAX = 8


@dataclass(frozen=True)
class OrderedBar:
    """An operation, and where its bar is, in per cent of the width.

    Attributes:
        line: the line of its return, or of its call if it never returned.
    """

    operation: Operation
    line: int
    left: float
    width: float


@dataclass(frozen=True)
class OperationOrder:
    """Operations in the order of their calls.

    Attributes:
        bars: one for each operation.
        precedes: of those that contradict each other, the marks of two of which the
            first had returned when the second was called.
        left_out: how many others on the same key are not shown.
    """

    bars: list[OrderedBar]
    precedes: list[tuple[str, str]]
    left_out: int


def operation_order(trace: Trace, line_of: dict[int, int]) -> OperationOrder | None:
    """Return the operations that a failure is about, None if one bar would say nothing.

    Args:
        trace: the run.
        line_of: the line of each row, by the row's number.
    """
    every = operations(trace)
    marked = [one for one in every if one.mark]
    if not marked:
        return None
    others = _beside(every, marked)
    shown = [*marked, *others[-OTHERS_MAX:]]
    if len(shown) == 1:
        return None
    shown.sort(key=lambda one: one.called.n)
    events = sorted({n for one in shown for n in (one.called.n, _end(one)) if n})
    place = {n: number for number, n in enumerate(events)}
    last = len(events)
    drawn = []
    for one in shown:
        begin, end = place[one.called.n], place.get(_end(one), last)
        row = one.returned or one.called
        drawn.append(
            OrderedBar(
                one, line_of[row.n], _percent(begin, last), _percent(end - begin, last)
            )
        )
    marked.sort(key=lambda one: one.mark)
    precedes = [
        (before.mark, after.mark)
        for before, after in pairwise(marked)
        if 0 < _end(before) < after.called.n
    ]
    return OperationOrder(drawn, precedes, max(len(others) - OTHERS_MAX, 0))


def _beside(every: list[Operation], marked: list[Operation]) -> list[Operation]:
    """Return the other operations on the same keys, at the same time.

    And the puts, of whatever key, of what was read.
    """
    keys = {str(one.key) for one in marked}
    first = min(one.called.n for one in marked)
    last = max(_end(one) or one.called.n for one in marked)
    read = {one.value_read for one in marked} - {None}

    def is_beside(one: Operation) -> bool:
        at_the_time = one.called.n < last and not 0 < _end(one) < first
        is_put = one.called.method == "put"
        return (at_the_time and str(one.key) in keys) or (
            is_put and one.called.args[1] in read
        )

    return [one for one in every if not one.mark and is_beside(one)]


def _end(operation: Operation) -> int:
    """Return the number of the row in which an operation returned, 0 if it did not."""
    return operation.returned.n if operation.returned is not None else 0


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 1)
