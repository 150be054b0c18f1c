"""No test is too strict for any sensible time-outs that a student may choose."""

import os

import pytest

from labrpc.submission.submission import Submission
from tester.judging.run import run_test
from tester.judging.run_conditions import RunConditions

# Shortest and longest election time-out, and heartbeats, in seconds.
CORNERS = {
    "short": (0.15, 0.3, 0.04),
    "short to long": (0.15, 1.0, 0.04),
    "long": (0.5, 1.0, 0.15),
    "long, hardly spread": (0.85, 1.0, 0.15),
    "long, many heartbeats": (0.5, 1.0, 0.04),
}
# Two of them, or all: a nightly job of CI sets LAB_NIGHTLY.
TRIED = list(CORNERS) if os.environ.get("LAB_NIGHTLY") else list(CORNERS)[1:4:2]
# Those in which time matters most.
TESTS = (
    "test_re_election",
    "test_rpc_counts",
    "test_troubled_elections",
    "test_disruptive_server",
    "test_hears_but_cannot_ask",
    "test_later_term_in_a_vote",
    "test_long_conflicting_suffix",
    "test_minorities_return_to_snapshots",
    "test_nothing_above_the_snapshot",
)


@pytest.fixture(scope="session")
def with_time_outs(tmp_path_factory, example):
    """Return a function that makes the reference with other time-outs."""
    directory = tmp_path_factory.mktemp("time_outs")
    (directory / "raft").symlink_to(example("raft"))

    def make(shortest, longest, heartbeat):
        source = (
            "from raft.raft import Raft as Reference\n"
            "class Raft(Reference):\n"
            f"    election_timeout_s_min = {shortest}\n"
            f"    election_timeout_s_max = {longest}\n"
            f"    heartbeat_interval_s = {heartbeat}\n"
        )
        file = (
            directory / f"time_outs_{hash((shortest, longest, heartbeat)) % 10**9}.py"
        )
        file.write_text(source)
        return Submission.find(file)

    return make


@pytest.mark.slow
@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize("corner", TRIED)
def test_the_reference_passes_with_other_time_outs(
    with_time_outs, graded_tests, corner, test
):
    run = run_test(
        RunConditions(with_time_outs(*CORNERS[corner]), graded_tests[test], 1)
    )
    assert run.passed, run.report()


def test_the_time_outs_are_really_other_ones(with_time_outs, graded_tests):
    slow, quick = (
        run_test(
            RunConditions(
                with_time_outs(*CORNERS[corner]), graded_tests["test_rpc_counts"], 1
            )
        )
        for corner in ("long", "long, many heartbeats")
    )
    assert quick.rpcs > 1.5 * slow.rpcs
