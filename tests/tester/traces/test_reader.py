"""A trace in words: what messages carry, and what servers did."""

import enum
import marshal
import pickle
import sys
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrpc.box.encoding import Codec
from labrpc.submission.submission import Submission
from tester.errors import UsageError
from tester.judging.run import Recording, run_test
from tester.judging.run_conditions import RunConditions
from tester.traces.payload import TEXT_CHARS_MAX, message_text
from tester.traces.reader import trace_lines


@dataclass
class Vote:
    term: int
    entries: list


class Plain:
    def __init__(self):
        self.term, self.why = 3, "late"


class Role(enum.Enum):
    LEADER = "leader"


CODEC = Codec({__name__: sys.modules[__name__]})
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
)
VALUES = st.recursive(
    SCALARS,
    lambda v: (
        st.lists(v, max_size=4)
        | st.tuples(v)
        | st.tuples(v, v)
        | st.dictionaries(st.text(max_size=3) | st.integers(), v, max_size=3)
    ),
    max_leaves=8,
)


@given(VALUES)
def test_plain_values_are_told_as_python_writes_them(value):
    data = CODEC.encode(value)
    told = repr(value)
    if len(told) > TEXT_CHARS_MAX:
        told = f"{told[:TEXT_CHARS_MAX]}…"
    if data[0] == 0x80:  # Of equal parts, which may be one part twice.
        told = f"a pickle of {len(data)} bytes"
    assert message_text(data) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (Vote(2, [(1, "x")]), "Vote(2, [(1, 'x')])"),
        ([Vote(2, [])], "[Vote(2, [])]"),
        (Plain(), "Plain(term=3, why='late')"),
        (Role.LEADER, "Role('leader')"),
        (list(range(20)), "[0, 1, 2, 3, 4, 5, 6, 7, … 20 in all]"),
        ({1, 2}, "a pickle of"),
    ],
)
def test_objects_are_told_by_their_classes_and_fields(value, told):
    assert message_text(CODEC.encode(value)).startswith(told)


@given(st.binary())
def test_any_bytes_are_told_and_nothing_is_made_of_them(data):
    assert isinstance(message_text(data), str)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[\xff\xff\xff\x7f",
        b"(\x01\x00\x00\x00" * 1000,
        b"l\x00\x00\x00\x80",
        b"s",
    ],
)
def test_bytes_that_lead_a_reader_astray_are_counted(data):
    assert message_text(data) == f"{len(data)} bytes"
    assert message_text(pickle.dumps(data)).startswith("a pickle of")
    assert message_text(marshal.dumps([data], 2)) == f"[{data!r}]"[:200] + (
        "…" if len(f"[{data!r}]") > 200 else ""
    )


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


def test_a_run_is_told_in_words(trace):
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
        "request_vote answered RequestVoteReply(1, True",
        "says that it leads term 1\n",
        "applies index 1: 11\n",
        "returns (1, 1, True)\n",
        "crash 0\n",
    ):
        assert words in text, words
    assert "get_state" not in text
    lost = "append_entries: lost, or its answer"
    assert any(
        line.endswith(lost) for line in trace_lines(trace("test_follower_failure"))
    )


@pytest.mark.parametrize("text", ["", "x", "[]", "{}", '{"trace": 99}'])
def test_what_is_no_trace_is_said(tmp_path, text):
    file = tmp_path / "x.jsonl"
    file.write_text(text)
    with pytest.raises(
        UsageError, match="is no trace of version 1: `pytest --lab-trace`"
    ):
        list(trace_lines(file))
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        list(trace_lines(tmp_path / "nowhere"))


def test_a_trace_that_was_cut_off_is_told_to_its_end(trace):
    file = trace("test_initial_election")
    whole = list(trace_lines(file))
    file.write_bytes(file.read_bytes()[:-40])
    assert list(trace_lines(file)) == whole[:-1]
