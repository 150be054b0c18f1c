"""`--lab-check-determinism` finds what student code leaks from the host."""

import textwrap
from pathlib import Path

import pytest

from labrpc.submission.submission import Submission
from tester.judging.run import this_process
from tester.judging.run_conditions import RunConditions
from tester.judging.suite import collect
from tester.pytest_plugin.determinism import DeterminismCheck

ROOT = Path(__file__).resolve().parents[3]

TALKER = """
import threading, time

class Raft:
    def __init__(self, peers, me, persister, apply_ch):
        self.peers, self.me, self.leads = peers, me, False
        threading.Thread(target=self.talk).start()

    def talk(self):
        while True:
            time.sleep(0.3)
            for word in {words}:
                for peer in self.peers:
                    peer.call("Raft.hear", word)
            self.leads = self.me == 0

    def hear(self, word):
        return word

    def get_state(self):
        return 1, self.leads
"""


@pytest.fixture
def check(tmp_path):
    """Return a function that checks a talker, at one seed of a test."""
    checks = []

    def check_words(words):
        source = textwrap.dedent(TALKER).format(words=words)
        (tmp_path / "raft.py").write_text(source)
        check = DeterminismCheck()
        checks.append(check)
        (test,) = collect(expression="test_initial_election")
        conditions = RunConditions(Submission.find(tmp_path), test, 0)
        return check.run(conditions, this_process(conditions))

    yield check_words
    for check in checks:
        check.close()


@pytest.mark.slow
def test_the_order_of_a_set_of_strings_is_named_with_its_place(check):
    run = check('{"alpha", "beta", "gamma", "delta", "epsilon"}')
    assert (run.verdict, run.code) == ("failed", "not-deterministic")
    assert "the order of a set of strings" in run.reason
    assert "raft.py:12: a set: its order is not fixed" in run.evidence
    # One word is sent at a time, and by chance the first of both runs are the same.
    assert "first difference at 0.3" in run.evidence
    assert run.replay.endswith("--lab-check-determinism")


def test_an_id_is_told_from_the_order_of_a_set(check):
    run = check("[id(object())]")
    assert run.verdict == "failed"
    assert "even in one process" in run.reason
    assert "raft.py:12: id() differs from run to run" in run.evidence


@pytest.mark.slow
def test_a_deterministic_submission_passes(check):
    assert check("[*{3, 1, 2}, *sorted({'b', 'a'})]").passed


@pytest.mark.slow
@pytest.mark.parametrize(
    "path", ["raft", "tests/submissions/polling", "tests/submissions/asyncio_raft"]
)
def test_the_correct_examples_are_deterministic(path):
    check, submission = DeterminismCheck(), Submission.find(ROOT / path)
    try:
        (test,) = collect(expression="unreliable_agreement")
        conditions = RunConditions(submission, test, 5)
        run = check.run(conditions, this_process(conditions))
        assert run.passed, run.report()
    finally:
        check.close()
