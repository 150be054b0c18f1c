"""A trace as text. `tests/fuzz/test_trace.py` reads any trace."""

import pytest

from labrpc.submission.submission import Submission
from tester.errors import UsageError
from tester.judging.run import Recording, run_test
from tester.judging.run_conditions import RunConditions
from tester.traces.reader import trace_lines


@pytest.fixture
def trace(example, tmp_path, graded_tests):
    """Return a function that records a run of a test, and where."""

    def record(test):
        submission = Submission.find(example("raft"))
        run_test(
            RunConditions(submission, graded_tests[test], 0),
            recording=Recording(traces=tmp_path),
        )
        return tmp_path / f"{test}-seed0.jsonl"

    return record


def test_a_run_is_formatted_as_text(trace):
    lines = list(trace_lines(trace("test_basic_persistence")))
    assert lines[0] == "test_basic_persistence of raft, seed 0"
    assert lines[-1] == "passed"
    text = "\n".join(lines)
    for words in (
        "   0.000000 s            start 0\n",
        "server 0  starts (incarnation 1), with 0 bytes on its disk\n",
        "server 0  starts (incarnation 2), with ",
        "request_vote RequestVoteArgs(1, ",
        "answers append_entries with AppendEntriesReply(1, True",
        "request_vote returned RequestVoteReply(1, True",
        "reports that it leads term 1\n",
        "applies index 1: 11\n",
        "returns (1, 1, True)\n",
        "crash 0\n",
    ):
        assert words in text, words
    assert "get_state" not in text
    lost = "append_entries: no reply, the request or the reply was lost"
    assert any(
        line.endswith(lost) for line in trace_lines(trace("test_follower_failure"))
    )


@pytest.mark.parametrize("text", ["", "x", "[]", "{}", '{"trace": 99}'])
def test_what_is_not_a_trace_is_refused(tmp_path, text):
    file = tmp_path / "x.jsonl"
    file.write_text(text)
    with pytest.raises(
        UsageError, match="is not a trace of version 1: `pytest --lab-trace`"
    ):
        list(trace_lines(file))
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        list(trace_lines(tmp_path / "nowhere"))


def test_a_trace_that_was_cut_off_is_read_to_its_end(trace):
    file = trace("test_initial_election")
    whole = list(trace_lines(file))
    file.write_bytes(file.read_bytes()[:-40])
    assert list(trace_lines(file)) == whole[:-1]
