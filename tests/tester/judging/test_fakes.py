"""Protocols that are no consensus fail by the property that they break."""

import pytest

from labrpc.submission.submission import Submission
from tester.judging.run import run_test
from tester.judging.run_conditions import RunConditions

# A test that shows it at seed 0, and the code.
FOUND = {
    "commits_reachable": (
        "test_no_agreement_without_majority",
        "committed-without-majority",
    ),
    "fixed_once": ("test_initial_election", "not-elected-by-majority"),
    "no_disk": ("test_basic_persistence", "term-fell"),
    "no_promise": ("test_rejoin_of_partitioned_leader", "applied-differently"),
    "one_answer_is_enough": ("test_many_elections", "not-elected-by-majority"),
    "waits_for_all": ("test_follower_failure", "no-agreement"),
}


@pytest.fixture
def run_fake(project, graded_tests):
    """Return a function that runs a test of a fake."""

    def run(name, test):
        fake = Submission.find(project / "tests/fakes" / f"{name}.py")
        return run_test(RunConditions(fake, graded_tests[test], 0))

    return run


def test_each_fake_is_listed(project):
    files = (project / "tests/fakes").glob("*.py")
    assert sorted(file.stem for file in files) == sorted(FOUND)


@pytest.mark.unmeasured
@pytest.mark.parametrize("name", FOUND)
def test_a_fake_fails_by_what_it_breaks(run_fake, name):
    test, code = FOUND[name]
    run = run_fake(name, test)
    assert run.code == code, run.report()


@pytest.mark.unmeasured
@pytest.mark.parametrize("name", sorted(FOUND.keys() - {"fixed_once"}))
def test_a_fake_looks_like_a_raft_while_nothing_fails(run_fake, name):
    assert run_fake(name, "test_basic_agreement").passed
