"""Thirty typical mistakes of students, and what is said of each: by code, not wording.

Each file of tests/mistakes is the plain student's Raft with one change. Its docstring
names a run, and the codes of which one must appear: of the failure or an explanation.
"""

import ast
import os
import re
from itertools import product
from pathlib import Path

import pytest

from tester.explain.explain import explain

ROOT = Path(__file__).resolve().parents[3]
MISTAKES = sorted((ROOT / "tests/mistakes").glob("*.py"))
# These run where a minute matters; all of them do before a change lands.
QUICK = (
    "returns_nothing",
    "saves_nothing",
    "equal_time_outs",
    "handler_of_another_name",
)
CORRECT = (
    "raft",
    "tests/correct/plain",
    "tests/submissions/polling",
    "tests/submissions/asyncio_raft",
)
TESTS = (
    "test_re_election",
    "test_figure_8_unreliable",
    "test_troubled_snapshots",
    "test_leader_of_an_earlier_term",
    "test_long_conflicting_suffix",
    "test_unreliable_agreement",
    "test_snapshots_basic",
    "test_install_snapshots_crash",
    "test_swarm",
    "test_minorities_return_to_snapshots",
)
SEEDS = (5, 6)
# Three of the eighty, or all of them: a nightly job of CI sets LAB_NIGHTLY.
RUNS = [
    ("raft", "test_swarm", 6),
    ("tests/correct/plain", "test_install_snapshots_crash", 5),
    ("tests/submissions/polling", "test_unreliable_agreement", 5),
]
# Their messages do not mean what Figure 2 says.
OTHER = ("from_zero", "own_messages")
OTHER_TESTS = ("test_figure_8_unreliable", "test_troubled_snapshots", "test_swarm")
if os.environ.get("LAB_NIGHTLY"):
    RUNS = list(product(CORRECT, TESTS, SEEDS))
    others = [f"tests/correct/{name}.py" for name in OTHER]
    RUNS += product(others, OTHER_TESTS, SEEDS[:1])


def fields(file):
    """Return what a mistake's docstring says: test, seed and codes."""
    text = ast.get_docstring(ast.parse(file.read_text()))
    test, seed = re.search(r"^Test: (\w+) at seed (\d+)$", text, re.MULTILINE).groups()
    codes = re.search(r"^Says: (.+)$", text, re.MULTILINE)[1].split("|")
    return test, int(seed), codes


@pytest.mark.parametrize(
    "file",
    [
        pytest.param(
            file, id=file.stem, marks=[] if file.stem in QUICK else pytest.mark.slow
        )
        for file in MISTAKES
    ],
)
def test_a_mistake_is_called_by_its_name(file, graded_tests, recorded):
    test, seed, codes = fields(file)
    run, trace = recorded(file, graded_tests[test], seed)
    said = [run.code, *(explanation.code for explanation in explain(trace))]
    assert set(said) & set(codes), said


@pytest.mark.slow
@pytest.mark.parametrize(("name", "test", "seed"), RUNS)
def test_nothing_is_said_of_a_correct_raft(name, test, seed, graded_tests, recorded):
    run, trace = recorded(ROOT / name, graded_tests[test], seed)
    assert run.passed
    assert explain(trace) == []


def test_there_are_as_many_as_there_are_rows():
    # Of thirty, one is about printing and one about what cannot happen here.
    assert len(MISTAKES) == 28
