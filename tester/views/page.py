"""A recorded run as one HTML file that needs nothing else: no network, no other file.

The table is complete without scripts, and is what is printed. A script draws lanes, bands
and arrows beside it, and filters, searches and selects.
"""

import json
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from labrpc.clock import to_seconds
from tester.errors import UsageError
from tester.traces.operations import MARKS
from tester.traces.reader import Trace
from tester.traces.values import on_one_line
from tester.views.folding import Fold, Shown
from tester.views.logs import columns, final_logs
from tester.views.moments import Moment
from tester.views.phrases import TOPICS, Phrase, phrases
from tester.views.timeline import FIRST_WINDOW, ServerState, Timeline
from tester.views.wording import row_text, when

# The oldest lines are left out of a larger page, which says so.
PAGE_BYTES_MAX = 2 << 20
_DETAILS_BYTES_MAX = 1 << 20
_HUE_STEP, _HUES = 67, 360


@dataclass(frozen=True)
class Line:
    """A line of the table.

    Attributes:
        number: counts the run's lines, from 0.
        time: in virtual seconds.
        server: -1 for the scenario.
        topics: what it is about, for the filters.
        mark: ① for the first fact.
    """

    number: int
    time: str
    server: int
    is_fold: bool
    topics: list[str]
    phrases: list[Phrase]
    mark: str = ""
    is_last: bool = False


def page_html(
    laid_out: Timeline,
    replay: str = "",
    explanations: Sequence[Sequence[str]] = (),
    redact: Callable[[str], str] = lambda text: text,
) -> bytes:
    """Return the page of a run.

    Args:
        laid_out: the run.
        replay: the command that repeats it, "" for none.
        explanations: what the run shows of the failure: lines, each time a title first.
        redact: takes out of a text what whoever gets the page must not see.
    """
    trace = laid_out.trace
    lines = _lines(laid_out)
    left_out = _too_many(lines)
    shown = lines[left_out:]
    logs = final_logs(trace)
    html: str = _template().render(
        trace=trace,
        header=trace.header,
        end=trace.end,
        lines=shown,
        first=max(laid_out.first, left_out),
        first_end=max(laid_out.first, left_out) + FIRST_WINDOW,
        left_out=left_out,
        servers=trace.header.lanes,
        topics=TOPICS,
        facts=_facts(laid_out),
        order=laid_out.order,
        replay=replay,
        explanations=[
            (title.capitalize().rstrip(":"), dedent("\n".join(lines)))
            for title, *lines in explanations
        ],
        redact=lambda text: redact(on_one_line(text)),
        redact_block=redact,
        logs=logs,
        columns=columns(logs),
        hue=_hue,
        seconds=_seconds,
        data=_data(laid_out, left_out, redact),
    )
    return html.encode(errors="backslashreplace")


def write_page(file: Path, page: bytes) -> None:
    """Write a page to a file.

    Raises:
        UsageError: it cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # Under another name first, so that nobody reads half of it.
        beside = file.with_name(f".{file.name}.new")
        # Made anew: what lies there may be a link that somebody has left.
        beside.unlink(missing_ok=True)
        with beside.open("xb") as opened:
            opened.write(page)
        os.replace(beside, file)
    except OSError as exc:
        raise UsageError(f"{file} cannot be written: {exc.strerror}") from None


def _lines(laid_out: Timeline) -> list[Line]:
    marks, last = laid_out.marks, len(laid_out.lines) - 1
    return [
        _line(number, line, laid_out.trace, marks.get(number, ""), number == last)
        for number, line in enumerate(laid_out.lines)
    ]


def _line(number: int, line: Shown, trace: Trace, mark: str, is_last: bool) -> Line:
    if isinstance(line, Fold):
        time = f"{_seconds(line.t)} to {_seconds(line.until_t)}"
        said = [Phrase("fold", on_one_line(line.text()), 0)]
        return Line(number, time, -1, True, ["fold"], said, mark)
    said = phrases(line, trace)
    topics = list(dict.fromkeys(phrase.topic for phrase in said))
    broken = is_last and trace.failed
    return Line(
        number, _seconds(line.t), line.server, False, topics, said, mark, broken
    )


def _too_many(lines: list[Line]) -> int:
    """Return how many of the oldest lines do not fit into a page."""
    size = 0
    for count, line in enumerate(reversed(lines)):
        size += 200 + sum(len(phrase.text) + 60 for phrase in line.phrases)
        if size > PAGE_BYTES_MAX:
            return len(lines) - count
    return 0


def _facts(laid_out: Timeline) -> list[tuple[str, int, str]]:
    """Return each fact: its mark, its line, and its text."""
    end = laid_out.trace.end
    facts = end.facts if end is not None else []
    return [
        (mark, place, fact.text)
        for mark, place, fact in zip(MARKS, laid_out.facts, facts, strict=False)
    ]


# What the script needs.


def _data(laid_out: Timeline, left_out: int, redact: Callable[[str], str]) -> str:
    data = {
        "servers": [laid_out.trace.header.lane(n) for n in laid_out.trace.header.lanes],
        "clients": laid_out.trace.header.clients,
        "window": FIRST_WINDOW,
        "first": max(laid_out.first, left_out),
        "facts": [place for place in laid_out.facts if place >= left_out],
        "states": _state_changes(laid_out),
        "arrows": [
            [arrow.rpc, int(arrow.reply), *arrow.begin, *arrow.end, arrow.lost]
            for arrow in laid_out.arrows
            if arrow.begin[0] >= left_out
        ],
        "bars": [
            [
                bar.lane,
                bar.begin,
                bar.end,
                redact(bar.label),
                bar.marks,
                int(bar.returned),
            ]
            for bar in laid_out.bars
            if left_out <= bar.begin < bar.end
        ],
        "details": _details(laid_out, left_out, redact),
    }
    return _script_safe(json.dumps(data, separators=(",", ":")))


def _state_changes(laid_out: Timeline) -> list[list[list[Any]]]:
    """Return per server the lines at which it becomes something else, and what."""
    found: list[list[list[Any]]] = []
    for server in laid_out.trace.header.lanes:
        changes: list[list[Any]] = []
        before: ServerState | None = None
        for number, states in enumerate(laid_out.states):
            if states[server] != before:
                before = states[server]
                flags = before.up, before.paused, before.cut_off, before.leads
                changes.append([number, *map(int, flags), before.term])
        found.append(changes)
    return found


def _details(
    laid_out: Timeline, left_out: int, redact: Callable[[str], str]
) -> dict[int, list[str]]:
    """Return all that the rows of a line say, for the newest lines that have room."""
    details: dict[int, list[str]] = {}
    room = _DETAILS_BYTES_MAX
    for number in reversed(range(left_out, len(laid_out.lines))):
        line = laid_out.lines[number]
        if isinstance(line, Moment):
            texts = [redact(row_text(row, laid_out.trace)) for row in line.rows]
            room -= sum(map(len, texts))
            if room < 0:
                break
            details[number] = texts
    return details


def _script_safe(text: str) -> str:
    """Return JSON that a script element can hold, whatever a server has printed."""
    return re.sub("[<>&\u2028\u2029]", lambda m: f"\\u{ord(m[0]):04x}", text)


def _seconds(t: int) -> str:
    return f"{to_seconds(t):.6f}"


def _hue(term: int) -> int:
    return term * _HUE_STEP % _HUES


@cache
def _template() -> Any:
    environment = Environment(
        loader=PackageLoader("tester.views"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters["when"] = when
    return environment.get_template("picture.html")
