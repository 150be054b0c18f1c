"""Recording: each message from send to end, state that changed, the test's lines, facts."""

from pathlib import Path

import pytest

from labrpc.submission.submission import Submission
from tester.judging.run import Recording, run_test
from tester.judging.run_conditions import RunConditions
from tester.traces import rows, values
from tester.traces.reader import read_trace

MUTANTS = Path(__file__).resolve().parents[2] / "mutants"


def record(submission, test, folder):
    run = run_test(
        RunConditions(submission, test, 0), recording=Recording(traces=folder)
    )
    return run, read_trace(folder / f"{test.name}-seed0.jsonl")


@pytest.fixture(scope="module")
def recorded(example, graded_tests, tmp_path_factory):
    """Record two tests of the reference."""
    submission = Submission.find(example("raft"))
    return {
        name: record(submission, graded_tests[name], tmp_path_factory.mktemp("traces"))
        for name in ("test_basic_persistence", "test_follower_failure")
    }


@pytest.fixture(scope="module")
def trace(recorded):
    return recorded["test_basic_persistence"][1]


def of(trace, kind):
    return [row for row in trace.rows if isinstance(row, kind)]


@pytest.mark.slow
def test_the_header_and_the_end_say_which_run_it_is(recorded):
    run, trace = recorded["test_basic_persistence"]
    header = trace.header
    assert (header.test, header.seed, header.servers) == (
        "test_basic_persistence",
        0,
        3,
    )
    assert header.file == "test_2c_persistence.py"
    assert (trace.end.verdict, trace.end.digest) == ("passed", run.digest)
    assert [row.n for row in trace.rows] == list(range(1, len(trace.rows) + 1))


def test_a_message_is_one_from_send_to_end(trace):
    by_number = {row.n: row for row in trace.rows}
    arrived = of(trace, rows.ReplyArrived)
    assert arrived
    for row in arrived:
        replied = by_number[row.cause]
        sent = trace.sent[row.rpc]
        request = next(
            r for r in of(trace, rows.Arrived) if r.rpc == row.rpc and not r.copy
        )
        assert isinstance(replied, rows.Replied)
        assert request.cause == sent.n
        assert replied.rpc == sent.rpc == row.rpc
        assert sent.t < request.t <= replied.t < row.t
        assert (sent.server, sent.peer) == (request.peer, request.server)
        assert (replied.server, row.server) == (sent.peer, sent.server)
    for row in of(trace, rows.Replied):
        # The step that replies was caused by the arrival, or came later.
        cause = by_number.get(row.cause)
        assert cause is None or isinstance(cause, rows.Message)


def test_fields_have_names_and_saved_states_are_sizes(trace):
    sent = of(trace, rows.Sent)[0]
    assert sent.method == "request_vote"
    assert sent.body["class"] == "RequestVoteArgs"
    assert values.number(sent.body, "term") == 1
    saved = of(trace, rows.Saved)[0]
    assert saved.raft_state > 0
    assert len(saved.digest) == 12


def test_attributes_that_change_are_noted_with_the_step(trace):
    first, *later = [row for row in of(trace, rows.Changed) if row.server == 0]
    assert first.fields["current_term"] == "0"
    assert first.fields["role"] == "FOLLOWER"
    assert "peers" not in first.fields
    assert "lock" not in first.fields
    assert any(row.fields.get("commit_index") == "1" for row in later)
    assert any("log.entries" in row.fields for row in later)
    assert not any("me" in row.fields for row in later if row.incarnation == 1)


def test_what_the_test_does_has_its_line(trace):
    lines = {row.line: row.text for row in of(trace, rows.Scenario)}
    controls = of(trace, rows.Control)
    crash = next(row for row in controls if row.verb == "crash" and row.t)
    assert "restart" in lines[crash.line]
    started = [row for row in of(trace, rows.Proposed) if row.leads]
    assert started[0].index == 1
    assert "one" in lines[started[0].line]


def test_why_a_message_was_lost_is_noted_and_the_caller_learns_of_it(recorded):
    _, trace = recorded["test_follower_failure"]
    lost = of(trace, rows.Lost)
    assert {"cut off", "receiver down"} & {row.why for row in lost}
    none = of(trace, rows.NoReply)[0]
    cause = next(row for row in trace.rows if row.n == none.cause)
    assert isinstance(cause, rows.Lost)
    assert cause.rpc == none.rpc


def test_a_failure_has_the_facts_that_contradict_each_other(graded_tests, tmp_path):
    submission = Submission.find(MUTANTS / "role_kept_in_new_term.py")
    run, trace = record(submission, graded_tests["test_re_election"], tmp_path)
    assert run.code == "two-leaders"
    facts = trace.end.facts
    assert len({fact.server for fact in facts}) == 2
    assert facts[0].t <= facts[1].t
    assert "said at" in facts[0].text
