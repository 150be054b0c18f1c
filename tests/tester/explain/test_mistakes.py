"""Thirty typical mistakes of students, and what is said of each: by code, not wording.

Each file of tests/mistakes is the plain student's Raft with one change. Its docstring
names a run, and the codes of which one must appear: of the failure or an explanation.
"""

import ast
import os
import re
from pathlib import Path

import pytest

from labrpc.submission.submission import Submission
from tester.explain.explain import explain
from tester.explain.explanation import CODES
from tester.judging.run import Recording, run_test
from tester.judging.run_conditions import RunConditions
from tester.traces.reader import read_trace

ROOT = Path(__file__).resolve().parents[3]
MISTAKES = sorted((ROOT / "tests/mistakes").glob("*.py"))
# These run where a minute matters; all of them do before a change lands.
QUICK = (
    "returns_nothing",
    "saves_nothing",
    "equal_time_outs",
    "handler_of_another_name",
)
CORRECT = ("raft", "tests/submissions/plain", "tests/submissions/polling")
TESTS = (
    "test_re_election",
    "test_unreliable_agreement",
    "test_snapshots_basic",
    "test_install_snapshots_crash",
    "test_swarm",
)
# Three of the fifteen, or all of them: a nightly job of CI sets LAB_NIGHTLY.
PAIRS = [
    ("raft", "test_swarm"),
    ("tests/submissions/plain", "test_install_snapshots_crash"),
    ("tests/submissions/polling", "test_unreliable_agreement"),
]
if os.environ.get("LAB_NIGHTLY"):
    PAIRS = [(name, test) for name in CORRECT for test in TESTS]


def fields(file):
    """Return what a mistake's docstring says: test, seed and codes."""
    text = ast.get_docstring(ast.parse(file.read_text()))
    test, seed = re.search(r"^Test: (\w+) at seed (\d+)$", text, re.MULTILINE).groups()
    codes = re.search(r"^Says: (.+)$", text, re.MULTILINE)[1].split("|")
    return test, int(seed), codes


def recorded(path, test, seed, folder):
    """Run a test once, recorded; return the run and its trace."""
    conditions = RunConditions(Submission.find(path), test, seed)
    run = run_test(conditions, recording=Recording(traces=folder))
    (file,) = folder.glob("*.jsonl")
    return run, read_trace(file)


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(
            file, id=file.stem, marks=[] if file.stem in QUICK else pytest.mark.slow
        )
        for file in MISTAKES
    ],
)
def test_a_mistake_is_called_by_its_name(file, graded_tests, tmp_path):
    test, seed, codes = fields(file)
    run, trace = recorded(file, graded_tests[test], seed, tmp_path)
    said = [run.code, *(explanation.code for explanation in explain(trace))]
    assert set(said) & set(codes), said


@pytest.mark.slow
@pytest.mark.parametrize(("name", "test"), PAIRS)
def test_nothing_is_said_of_a_correct_raft(name, test, graded_tests, tmp_path):
    run, trace = recorded(ROOT / name, graded_tests[test], 5, tmp_path)
    assert run.passed
    assert explain(trace) == []


def test_every_code_is_that_of_a_mistake_or_has_a_reason():
    said = {code for file in MISTAKES for code in fields(file)[2]}
    # Said where one of the others is true as well.
    beside = {
        "voted-twice",
        "voted-without-saving",
        "applied-below-snapshot",
        "refused-again-and-again",
        "snapshot-again-and-again",
    }
    assert set(CODES) - said - beside == set()


def test_there_are_as_many_as_there_are_rows():
    # Of thirty, one is about printing and one about what cannot happen here.
    assert len(MISTAKES) == 28
