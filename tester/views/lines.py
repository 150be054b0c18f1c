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

# Of the last lines, and of each phrase in one that would be longer.
LINE_CHARS_MAX = 160
PHRASE_CHARS_MAX = 60


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
            said = [phrase.text for phrase in phrases(line, laid_out.trace)]
            found.append(f"{when(line.t):>13}  {where:8}  {_in_one_line(said)}")
    return found


def _in_one_line(phrases: list[str]) -> str:
    """Return phrases one after the other; what a message holds is cut before others are."""
    whole = " · ".join(phrases)
    if len(whole) <= LINE_CHARS_MAX:
        return whole
    shorter = " · ".join(cut(phrase, PHRASE_CHARS_MAX) for phrase in phrases)
    return cut(shorter, LINE_CHARS_MAX)


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
