"""A recorded run in a terminal: a column for each server, then what happened.

A column shows what its server is after the line: `t3` in term 3, `L3` leads it, in
brackets while it is cut off, `II` while it is paused, `-` while it is down. The server
that acts is marked by `>`, and has the colour of its term.
"""

from collections.abc import Iterator

from rich.text import Text

from tester.text import clean
from tester.traces.rows import SCENARIO, Header
from tester.views.folding import Fold
from tester.views.lines import ending, heading
from tester.views.phrases import LOST, phrases
from tester.views.phrases import SCENARIO as THE_TEST
from tester.views.selection import Selection
from tester.views.timeline import ServerState, Timeline
from tester.views.wording import when

# Colours that can be read on light and dark ground.
COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "bright_red")
_TIME_CHARS = 13
_COLUMN_CHARS_MIN = 5


def terminal_lines(timeline: Timeline, selection: Selection) -> Iterator[Text]:
    """Yield the lines of a run that are wanted, the heading and the end among them."""
    trace = timeline.trace
    widths = _widths(timeline)
    yield Text(heading(trace), style="bold")
    yield _head(widths, trace.header)
    marks = timeline.marks
    for number in selection.of(timeline):
        yield _line(number, timeline, widths, marks.get(number, ""))
    if trace.end is not None:
        style = "green" if trace.end.verdict == "passed" else "bold red"
        yield Text(ending(trace.end), style=style)


def _widths(timeline: Timeline) -> list[int]:
    return [
        max(
            [_COLUMN_CHARS_MIN]
            + [len(_state_text(states[server])) + 2 for states in timeline.states]
        )
        for server in timeline.trace.header.lanes
    ]


def _head(widths: list[int], header: Header) -> Text:
    columns = "".join(
        f" {header.short_lane(lane)}".ljust(width) for lane, width in enumerate(widths)
    )
    return Text(f"{'time':>{_TIME_CHARS}}  {columns} what happened", style="dim")


def _line(number: int, timeline: Timeline, widths: list[int], mark: str) -> Text:
    line = timeline.lines[number]
    text = Text(f"{when(line.t):>{_TIME_CHARS}}  ")
    acting = SCENARIO if isinstance(line, Fold) else line.server
    for server, (state, width) in enumerate(
        zip(timeline.states[number], widths, strict=True)
    ):
        shown = (">" if server == acting else " ") + _state_text(state)
        text.append(shown.ljust(width), style=_style(state, server == acting))
    text.append(f" {mark} " if mark else " ", style="bold")
    if isinstance(line, Fold):
        return text.append(clean(line.text()), style="dim")
    for place, phrase in enumerate(phrases(line, timeline.trace)):
        text.append(" · " if place else "", style="dim")
        text.append(phrase.text, style=_STYLES.get(phrase.topic, ""))
    return text


_STYLES = {LOST: "red", THE_TEST: "bold"}


def _state_text(state: ServerState) -> str:
    if not state.up:
        return "-"
    if state.paused:
        return "II"
    text = f"{'L' if state.leads else 't'}{state.term}" if state.term >= 0 else "·"
    return f"({text})" if state.cut_off else text


def _style(state: ServerState, acts: bool) -> str:
    if not state.up or state.term < 0:
        return "dim"
    colour = COLOURS[state.term % len(COLOURS)]
    return f"bold {colour}" if acts or state.leads else colour
