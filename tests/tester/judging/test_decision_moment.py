"""The moment at which a run was decided."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from labrpc.submission.submission import Submission
from labrpc.world.futures import Future
from tester.judging import decision_moment
from tester.judging.decision_moment import (
    Decision,
    Futures,
    decision_lines,
    find_decision,
)
from tester.judging.run import Recording, run_test, trace_file
from tester.judging.run_conditions import RunConditions
from tester.traces.reader import read_trace
from tester.traces.rows import Sent
from tester.verdict import Verdict

ROOT = Path(__file__).resolve().parents[3]
STEPS = 1000


@pytest.fixture
def conditions(graded_tests):
    """Return the conditions of a short run."""
    reference = Submission.find(ROOT / "raft")
    return RunConditions(reference, graded_tests["test_initial_election"], 0)


@pytest.fixture
def recorded(conditions, tmp_path):
    """Return a function that records one future of the run, and reads it."""

    def record(future=None):
        run_test(conditions, recording=Recording(traces=tmp_path), future=future)
        return read_trace(trace_file(tmp_path, conditions))

    return record


def test_a_future_is_the_same_until_it_parts(recorded):
    whole, first, second = recorded(), recorded(Future(60, 0)), recorded(Future(60, 1))
    same = [row for row in whole.rows if 0 < row.step < 60]
    for other in (first, second):
        assert [row for row in other.rows if 0 < row.step < 60] == same
    ends = {trace.end.digest for trace in (whole, first, second)}
    assert len(ends) == 3
    assert recorded(Future(60, 1)).end.digest == second.end.digest


@pytest.fixture
def failing_from(monkeypatch, conditions):
    """Return a function that finds the decision of a run decided at a known step."""
    run = run_test(conditions)
    failed = replace(run, verdict=Verdict.FAILED, code="two-leaders", cpu_s=0.01)
    asked = []

    def find(decided, cpu_s=0.01, rate=0.5):
        def run_future(conditions, host, future):
            asked.append(future)
            fails = future.step >= decided or future.number % 10 < 10 * rate
            return replace(failed if fails else run, cpu_s=cpu_s)

        monkeypatch.setattr(decision_moment, "run_test", run_future)
        return find_decision(failed, conditions, None, STEPS)

    find.asked = asked
    return find


@pytest.mark.parametrize("step", [2, 137, STEPS])
def test_the_step_is_found(failing_from, step):
    found = failing_from(step)
    assert found.at == Futures(step, 20, 20)
    assert found.before.step == step - 1
    assert found.before.made - found.before.failed == 3
    assert len(failing_from.asked) < 300


def test_it_may_be_decided_from_the_start(failing_from):
    assert failing_from(1) == Decision(Futures(1, 20, 20), None)
    assert failing_from(500, rate=0.9).before is None


def test_it_ends_when_its_time_is_up(failing_from):
    found = failing_from(137, cpu_s=1.0)
    assert found.before.step < 137 <= found.at.step
    assert found.at.step - found.before.step > 1


def test_the_lines_name_the_step_and_what_happened_in_it(recorded):
    trace = recorded()
    sent = next(row for row in trace.rows if type(row) is Sent)
    at, before = Futures(sent.step, 20, 19), Futures(sent.step - 1, 9, 6)
    text = "\n".join(decision_lines(Decision(at, before), trace))
    assert f"step {sent.step}: of 20 runs" in text
    assert f"of 9 that part from it in step {sent.step - 1} only 6 do" in text
    assert "request_vote" in text
