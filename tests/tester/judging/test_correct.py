"""Correct Rafts that do what few others do, and pass."""

import pytest

from labrpc.submission.submission import Submission
from tester.judging.run import run_test
from tester.judging.run_conditions import RunConditions

# A leader of `portions_of_10` took 12 to 16 s to bring all up to date at these seeds.
SLOW_SEEDS = [4, 5, 7]
TESTS = ["test_backup_of_wrong_logs", "test_figure_8", "test_install_snapshots_crash"]


@pytest.fixture
def run_correct(project, graded_tests):
    """Return a function that runs a test of a correct Raft."""

    def run(name, test, seed):
        correct = Submission.find(project / "tests/correct" / f"{name}.py")
        return run_test(RunConditions(correct, graded_tests[test], seed))

    return run


@pytest.mark.slow
@pytest.mark.parametrize("seed", SLOW_SEEDS)
def test_ten_entries_at_once_are_enough(run_correct, seed):
    run = run_correct("portions_of_10", "test_figure_8_unreliable", seed)
    assert run.passed, run.report()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["portions_of_10", "portions_of_50"])
@pytest.mark.parametrize("test", TESTS)
def test_it_passes_at_an_ordinary_seed(run_correct, name, test):
    run = run_correct(name, test, 0)
    assert run.passed, run.report()


@pytest.mark.parametrize("name", ["ranked/ranked", "ranked/ranked_random"])
def test_ranks_decide_between_candidates(run_correct, name):
    run = run_correct(name, "test_re_election", 0)
    assert run.passed, run.report()


# Here a server's term climbs in vain, unless it asks first.
@pytest.mark.slow
@pytest.mark.parametrize(
    "test",
    [
        "test_disruptive_server",
        "test_hears_but_cannot_ask",
        "test_later_term_in_a_vote",
    ],
)
def test_pre_vote_passes_where_terms_climb_in_vain(run_correct, test):
    run = run_correct("bonus/everything", test, 0)
    assert run.passed, run.report()
