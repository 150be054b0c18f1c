"""A run is the same wherever its boxes live: verdict, reason, digest."""

from pathlib import Path

import pytest

from labrpc.submission import Submission
from tester.run import run_test

ROOT = Path(__file__).resolve().parents[2]
CORRECT = ["raft", "tests/submissions/polling", "tests/submissions/asyncio_raft"]
TESTS = ["test_more_persistence", "test_snapshots_basic", "test_swarm"]


@pytest.mark.parametrize("path", CORRECT)
@pytest.mark.parametrize("preempt", [False, True])
def test_correct_submissions(path, preempt, zygote, graded_tests):
    hosting = zygote(ROOT / path, preempt=preempt)
    for name in TESTS:
        test = graded_tests[name]
        here = run_test(test, hosting.submission, 3, digest=True)
        there = run_test(test, hosting.submission, 3, digest=True, hosting=hosting)
        assert (there.verdict, there.reason) == (here.verdict, here.reason)
        assert there.digest == here.digest
        assert there.verdict == "passed"


@pytest.mark.parametrize(
    "mutant", sorted((ROOT / "tests/mutants").glob("*.py"), key=lambda p: p.stem)
)
def test_mutants(mutant, zygote, graded_tests):
    hosting = zygote(mutant)
    test = graded_tests["test_more_persistence"]
    here = run_test(test, hosting.submission, 1, digest=True)
    there = run_test(test, hosting.submission, 1, digest=True, hosting=hosting)
    assert (there.verdict, there.reason) == (here.verdict, here.reason)
    assert there.evidence == here.evidence
    assert there.digest == here.digest


BROKEN = [
    path
    for path in sorted((ROOT / "tests/submissions").iterdir())
    if path.name not in ("polling", "asyncio_raft")
]
ACCIDENTS = sorted((ROOT / "tests/tester/accidents").glob("*.py"))


@pytest.mark.parametrize("path", [*BROKEN, *ACCIDENTS], ids=lambda path: path.stem)
def test_what_is_wrong_is_said_in_the_same_words(path, zygote, graded_tests):
    hosting = zygote(path)
    test = graded_tests["test_initial_election"]
    here = run_test(test, Submission.find(path), 0, digest=True)
    there = run_test(test, hosting.submission, 0, digest=True, hosting=hosting)
    assert (there.verdict, there.reason) == (here.verdict, here.reason)
    assert there.evidence == here.evidence
