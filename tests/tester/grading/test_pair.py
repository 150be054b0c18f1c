"""What counts of the runs of one test of one submission, in the order of the seeds."""

import itertools

import pytest

from tester.grading.pair import Pair
from tester.judging.suite import collect
from tester.verdict import Run, Verdict

PASSED, FAILED, UNKNOWN = Verdict.PASSED, Verdict.FAILED, Verdict.UNKNOWN
SEEDS = [5, 9, 2, 7]


@pytest.fixture(scope="module")
def pair():
    """Return a function that makes a pair with four seeds and a budget of 10 s."""
    (test,) = collect(None, "test_initial_election")
    return lambda: Pair(test, SEEDS, 10.0)


def run(seed, verdict=PASSED, cpu_s=1.0):
    return Run(
        submission="amy", part="2A", test="test_initial_election", seed=seed,
        points=1, verdict=verdict, cpu_s=cpu_s,
    )  # fmt: skip


def keep(pair, *runs):
    for each in runs:
        pair.keep(each)
    return pair


def test_the_order_in_which_runs_come_in_decides_nothing(pair):
    runs = [run(5, cpu_s=6), run(9, cpu_s=5), run(2), run(7)]
    for order in itertools.permutations(runs):
        found = keep(pair(), *order)
        assert found.is_over_budget
        assert list(found.covered) == [5, 9]
        assert found.counted == runs[:2]
        assert found.missing == []


def test_what_the_budget_covers_is_still_to_be_made(pair):
    found = keep(pair(), run(2, cpu_s=11))
    assert list(found.covered) == [5, 9, 2]
    assert found.missing == [5, 9]


def test_a_cheaper_second_try_gives_the_time_back(pair):
    found = keep(pair(), run(5, FAILED, 120))
    assert found.missing == []
    keep(found, run(5, PASSED, 3))
    assert not found.is_over_budget
    assert found.missing == [9, 2, 7]


def test_time_without_a_verdict_is_free_and_sleep_is_not(pair):
    assert not keep(pair(), run(5, UNKNOWN, 300)).is_over_budget
    slept = run(5)
    slept.idle_s = 10.0
    assert keep(pair(), slept).is_over_budget


def test_the_first_failure_is_that_of_the_first_seed(pair):
    found = keep(pair(), run(2, FAILED))
    assert found.first_failure([], []) is None
    keep(found, run(5))
    assert found.first_failure([], []) is None
    assert found.first_failure([9], []) == run(2, FAILED)
    keep(found, run(9, FAILED))
    assert found.first_failure([], []) == run(9, FAILED)
    assert found.first_failure([], [9]) is None
