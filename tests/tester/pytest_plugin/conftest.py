"""Runs made up, and options of a session, for the tests of the plugin's parts."""

from pathlib import Path

import pytest

from labrpc.submission.submission import Submission
from tester.judging.run_hosting import IN_PROCESS
from tester.pytest_plugin.options import SessionOptions
from tester.verdict import Run, Verdict


def a_run(seed=0, verdict=Verdict.FAILED, reason="broken", **fields):
    return Run(
        submission="s", part="2A", test="test_x", seed=seed, points=1,
        verdict=verdict, reason="" if verdict is Verdict.PASSED else reason, **fields,
    )  # fmt: skip


@pytest.fixture
def submission(tmp_path: Path) -> Submission:
    (tmp_path / "raft.py").write_text("class Raft: pass\n")
    return Submission.find(tmp_path)


@pytest.fixture
def options(submission: Submission, tmp_path: Path) -> SessionOptions:
    """Return the options of a session in which nothing is said but the submission."""
    return SessionOptions(
        lab=2, submission=submission, named=None, problem="", preempt=False, hosting=IN_PROCESS, first_seed=None,
        seed_count=1, duration_s=None, failed_only=False, digest=False, traces=None, picture_count=3,
        situations=False, decision=False, shrink=False, replay=None, search_states=None, check_determinism=False, debugger=False, live=False,
        summary=None, directory=tmp_path,
    )  # fmt: skip
