"""Interaction scripts: runs of the paper as lists of choices, and who passes them."""

import gc
from pathlib import Path

import pytest

from labrpc.box_factory import InProcessBoxFactory
from labrpc.isolated.zygote import Zygote
from labrpc.submission.submission import Submission
from tester import codes
from tester.search.choice_text import parse_choices, read_choices
from tester.search.session import replayed

ROOT = Path(__file__).resolve().parents[3]
SCRIPTS = Path(__file__).parent / "testdata"
FIGURE_7 = read_choices(SCRIPTS / "figure_7.txt")
FIGURE_8 = read_choices(SCRIPTS / "figure_8.txt")


def replay(submission, make_boxes=InProcessBoxFactory, script=FIGURE_8):
    """Return the run of a script on a submission, what failed in it, and the digest."""
    boxes = make_boxes(Submission.find(ROOT / submission))
    try:
        return replayed(boxes, script)
    finally:
        boxes.close()


def test_the_reference_does_not_commit_an_entry_of_an_earlier_term_in_figure_8():
    run, error, digest = replay("raft")
    assert error is None
    assert tuple(run.choices) == FIGURE_8.choices
    _, leader, follower = run.state.servers
    assert (leader.term, leader.leads, follower.term) == (4, True, 4)
    assert [server.applied for server in run.state.servers] == [(), (), ()]
    assert replay("raft")[2] == digest


def test_the_reference_makes_the_logs_of_figure_7_equal():
    run, error, _ = replay("raft", script=FIGURE_7)
    assert error is None
    assert tuple(run.choices) == FIGURE_7.choices


@pytest.mark.slow
def test_who_does_not_replace_conflicts_fails_figure_7():
    _, error, _ = replay("tests/mutants/conflicts_not_replaced.py", script=FIGURE_7)
    assert error is not None


def test_a_state_that_is_not_as_expected_fails_the_run():
    script = parse_choices("time-out 0\nexpect 0, term 1, leads", "script")
    _, error, _ = replay("raft", script=script)
    assert error.code is codes.CHECK_FAILED
    assert "found:    expect 0, term 1, does not lead, applied 0" in error.evidence


def test_who_counts_replicas_of_older_terms_fails_figure_8():
    _, error, _ = replay("tests/mutants/counts_replicas_of_older_terms.py")
    assert error.code is codes.APPLIED_DIFFERENTLY


@pytest.mark.slow
def test_figure_8_is_the_same_run_with_each_server_in_a_process_of_its_own():
    run, error, digest = replay("raft", Zygote)
    assert error is None
    assert tuple(run.choices) == FIGURE_8.choices
    assert digest == replay("raft")[2]


@pytest.mark.slow
@pytest.mark.parametrize("enabled", [True, False])
def test_a_replay_leaves_the_collector_as_it_was(enabled):
    before = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        replay("raft")
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if before else gc.disable)()
