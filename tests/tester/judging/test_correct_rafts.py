"""Correct Rafts of other styles pass the tests, and the searches, that once blamed them."""

from pathlib import Path

import pytest

from labrpc.box_factory import InProcessBoxFactory
from labrpc.submission.submission import Submission
from tester.judging.run import run_test
from tester.judging.run_conditions import RunConditions
from tester.search.choice_text import parse_choices
from tester.search.session import replayed
from tester.verdict import Verdict

CORRECT = Path(__file__).resolve().parents[2] / "correct"

RUNS = [
    # Servers with one method are seen to lead, and replies may be messages of their own.
    ("one_way", "test_disruptive_server", 0),
    ("one_way", "test_later_term_in_a_vote", 0),
    # A binary search takes one answer a step, and each answer may be late.
    ("binary_search", "test_minorities_return", 0),
    ("binary_search", "test_minorities_return", 12),
    ("actor", "test_long_conflicting_suffix", 0),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "test", "seed"), RUNS)
def test_a_raft_of_another_style_passes(name, test, seed, graded_tests):
    submission = Submission.find(CORRECT / f"{name}.py")
    run = run_test(RunConditions(submission, graded_tests[test], seed))
    assert run.verdict is Verdict.PASSED, run.report()
    assert "handler-returned-none" not in [warning.code for warning in run.warnings]


ELECTED_BY_FOUR = """servers 7
time-out 1
deliver 1 -> 0 elect
deliver 1 -> 2 elect
deliver 1 -> 3 elect
deliver 0 -> 1 reply elect
deliver 2 -> 1 reply elect
deliver 3 -> 1 reply elect
recover without 0, 1, 4
"""


def test_a_leader_that_is_cut_off_keeps_nobody_from_recovering():
    boxes = InProcessBoxFactory(Submission.find(CORRECT / "binary_search.py"))
    _, error, _ = replayed(boxes, parse_choices(ELECTED_BY_FOUR, "text"))
    assert error is None
