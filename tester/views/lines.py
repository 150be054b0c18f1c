"""A recorded run as lines of text, one for each row."""

from collections.abc import Iterator

from labrpc.clock import to_seconds
from tester.text import cut
from tester.traces import rows
from tester.traces.reader import Trace
from tester.traces.values import on_one_line
from tester.views.folding import Fold
from tester.views.phrases import phrases
from tester.views.timeline import Timeline
from tester.views.wording import row_line, when

# With the time and the server, two lines of a narrow terminal.
LINE_CHARS_MAX = 137


def trace_lines(
    trace: Trace,
    servers: set[int] | None = None,
    since_s: float = 0.0,
    until_s: float = float("inf"),
) -> Iterator[str]:
    """Yield what a trace says, in words.

    Args:
        trace: the run.
        servers: only what these have done, and the scenario; None for all.
        since_s: leave out what happened before, in virtual seconds.
        until_s: leave out what happened after.
    """
    yield heading(trace)
    for row in trace.rows:
        wanted = servers is None or row.server in {rows.SCENARIO, *servers}
        if wanted and since_s <= to_seconds(row.t) <= until_s:
            yield row_line(row, trace)
    if trace.end is not None:
        yield ending(trace.end)


def last_lines(laid_out: Timeline, count: int) -> list[str]:
    """Return what happened last, with repeats folded, in as many lines."""
    found = []
    for line in laid_out.lines[-count:]:
        if isinstance(line, Fold):
            found.append(f"{when(line.t):>13}  {on_one_line(line.text())}")
        else:
            where = laid_out.trace.header.lane(line.server)
            said = " · ".join(phrase.text for phrase in phrases(line, laid_out.trace))
            found.append(f"{when(line.t):>13}  {where:8}  {cut(said, LINE_CHARS_MAX)}")
    return found


def heading(trace: Trace) -> str:
    """Return which run it is, and what of it is missing."""
    header = trace.header
    text = f"{header.test} of {header.submission}, seed {header.seed}"
    if trace.dropped is not None:
        text += (
            f" (the first {trace.dropped.dropped} rows, up to "
            f"{when(trace.dropped.until_t)}, were dropped: a trace has a limited size)"
        )
    return on_one_line(text)


def ending(end: rows.End) -> str:
    """Return what came of the run."""
    return on_one_line(end.verdict + (f": {end.reason}" if end.reason else ""))
