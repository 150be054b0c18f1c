"""A list of choices leaves a trace as any run does: each message from send to end."""

import pytest

from tester.search.choice_text import parse_choices
from tester.search.judged_run import run_choices
from tester.traces import rows
from tester.traces.reader import read_trace
from tester.traces.recorder import TraceRecorder
from tester.traces.rows import TRACE_VERSION, Header
from tester.verdict import Run, Verdict

LIST = parse_choices(
    """
    time-out 1
    duplicate 1 -> 0 vote
    deliver 1 -> 0 vote
    deliver 0 -> 1 reply vote
    deliver 1 -> 0 vote
    lose 0 -> 1 reply vote
    lose 1 -> 2 vote
    time-out 2
    deliver 2 -> 0 vote, dies after 0
    deliver 0 -> 2 reply vote
    """,
    "messages",
).choices


@pytest.fixture
def trace(world_rules, tmp_path):
    file = tmp_path / "list.jsonl"
    header = Header(trace=TRACE_VERSION, test="messages", servers=3)
    recorder = TraceRecorder(file, header)
    _, error = run_choices(world_rules(), LIST, [recorder])
    assert error is None
    run = Run(
        submission="elector", part="", test="messages", seed=0, points=0,
        verdict=Verdict.PASSED,
    )  # fmt: skip
    recorder.finish(run)
    return read_trace(file)


def test_each_message_is_followed_from_send_to_end(trace):
    seen = [
        (type(row).__name__, row.server, row.copy)
        for row in trace.rows
        if isinstance(row, (rows.Arrived, rows.Replied, rows.ReplyArrived, rows.Lost))
    ]
    assert seen == [
        ("Arrived", 0, False),
        ("Replied", 0, False),
        ("ReplyArrived", 1, False),
        ("Arrived", 0, True),
        ("Replied", 0, True),
        ("Lost", 1, True),
        ("Lost", 2, False),
        ("Arrived", 0, False),
        ("Lost", 0, False),
    ]
    lost = [row.why for row in trace.rows if isinstance(row, rows.Lost)]
    assert lost == ["reply lost", "request lost", "receiver crashed meanwhile"]


def test_what_arrives_names_what_was_sent_and_the_choice_stands_before_it(trace):
    by_number = {row.n: row for row in trace.rows}
    for row in trace.rows:
        if isinstance(row, rows.Arrived):
            assert isinstance(by_number[row.cause], rows.Sent)
        elif isinstance(row, rows.ReplyArrived):
            assert isinstance(by_number[row.cause], rows.Replied)
    verbs = [row.verb for row in trace.rows if isinstance(row, rows.Control)]
    assert verbs[:3] == ["time-out 1", "duplicate 1 -> 0 vote", "deliver 1 -> 0 vote"]
