"""Traces: whatever a submission sent, printed or applied, its trace can be read.

A recorder writes events and actions with any values that can leave a box, and the file is
cut off anywhere. Each line that is read is one line of text without control characters,
of bounded length, and no exception but UsageError leaves the reader.
"""

import re
import tempfile
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labrpc.simulated.output import LINE_CHARS_MAX
from labrpc.world import events
from tester.errors import UsageError
from tester.traces.reader import read_trace
from tester.traces.recorder import TraceRecorder
from tester.traces.rows import TRACE_VERSION, Header
from tester.verdict import Run, Verdict
from tester.views import lines as views_lines

TURNS_TEXT_AROUND = re.compile("[\u202a-\u202e\u2066-\u2069]")
FUZZ = settings.get_profile("fuzz")


@dataclass
class Host:
    """Stands for an incarnation of a server."""

    server: int
    incarnation: int = 1
    up: bool = True

    def state(self):
        return {}


def check(trace_lines, case):
    """Record steps, cut the file off, and read it."""
    steps, reason, keep = case
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "trace.jsonl"
        recorder = TraceRecorder(
            file, Header(trace=TRACE_VERSION, test="t", submission="s", seed=1)
        )
        for t, (server, event, actions) in enumerate(steps):
            recorder.stepped(t, Host(server), event, actions)
        run = Run(
            submission="s", part="2A", test="t", seed=1, points=1.0,
            verdict=Verdict.FAILED, reason=reason,
        )  # fmt: skip
        recorder.finish(run)
        data = file.read_bytes()
        file.write_bytes(data[: int(len(data) * keep)])
        try:
            lines = list(trace_lines(read_trace(file)))
        except UsageError:
            assert b"\n" not in file.read_bytes(), "the first line is whole"
            return
    for line in lines:
        kinds = {unicodedata.category(letter) for letter in line.replace("\t", "")}
        assert not kinds & {"Cc", "Cs", "Zl", "Zp"}, repr(line)
        assert not TURNS_TEXT_AROUND.search(line), repr(line)
        assert len(line) <= LINE_CHARS_MAX + 200
    if keep == 1:
        assert lines[-1].startswith("failed")


TEXTS = st.text(max_size=5) | st.sampled_from(
    ["\ud800", "\x1b[2J", "two\nlines", "\u202e", "\r", "x" * LINE_CHARS_MAX]
)
IDS = st.integers(0, 2)
BYTES = st.binary(max_size=9)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | BYTES
    | st.just(1 << 70),
    lambda inner: (
        st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(TEXTS | IDS | st.tuples(IDS) | BYTES, inner, max_size=2)
    ),
    max_leaves=4,
)  # fmt: skip
METHODS = st.sampled_from(["Raft.request_vote", "start", "get_state"]) | TEXTS
EVENTS = st.one_of(
    st.builds(events.Boot, IDS, BYTES, BYTES),
    st.builds(events.Request, IDS, IDS, METHODS, BYTES),
    st.builds(events.Response, IDS, st.none() | BYTES),
    st.builds(events.Invoke, IDS, METHODS, st.lists(VALUES, max_size=2).map(tuple)),
    st.builds(events.Wake),
)
ACTIONS = st.one_of(
    st.builds(events.Ready),
    st.builds(events.Call, IDS, IDS, METHODS, BYTES),
    st.builds(events.Reply, IDS, BYTES),
    st.builds(events.Result, IDS, VALUES),
    st.builds(events.Apply, IDS, st.tuples(*[VALUES] * 7)),
    st.builds(
        lambda number, snapshot: events.Apply(number, (False, None, 0, True, snapshot, 1, 1)),
        IDS,
        VALUES,
    ),
    st.builds(events.Persist, BYTES, BYTES),
    st.builds(events.Log, IDS, TEXTS),
    st.builds(events.Crash, st.just("exception"), TEXTS, TEXTS),
)  # fmt: skip
STEPS = st.lists(st.tuples(IDS, EVENTS, st.lists(ACTIONS, max_size=3)), max_size=4)
CASES = st.tuples(STEPS, TEXTS, st.just(1.0) | st.floats(0, 1))


@pytest.mark.slow
@FUZZ
@given(CASES)
def test_any_trace_is_read_as_lines_of_text(case):
    check(views_lines.trace_lines, case)


PLANTED = {
    "what a server printed is shown as it is": (
        "yield row_line(row, trace)", "yield getattr(row, 'line', '')"
    ),
    "a reason is shown as it is": ("return on_one_line(end.verdict", "return str(end.verdict"),
}  # fmt: skip


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_found(bug, plant, finds):
    wrong = plant(views_lines, *PLANTED[bug]).trace_lines
    assert finds(CASES, check, views_lines.trace_lines, wrong)
