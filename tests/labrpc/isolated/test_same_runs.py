"""A run is the same wherever its boxes live: verdict, reason, digest."""

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from labrpc.machine import watchdog
from labrpc.submission.submission import Submission
from tester.detection.mutants import find_mutants
from tester.judging.run import Recording, run_test
from tester.judging.run_conditions import RunConditions
from tester.traces import rows
from tester.traces.reader import read_trace

ROOT = Path(__file__).resolve().parents[3]
CORRECT = ["raft", "tests/submissions/polling", "tests/submissions/asyncio_raft"]
TESTS = ["test_more_persistence", "test_snapshots_basic"]
# Each run is made twice. A nightly job of CI sets LAB_NIGHTLY, and makes all of them.
NIGHTLY = bool(os.environ.get("LAB_NIGHTLY"))
MUTANTS = [mutant for mutant in find_mutants() if mutant.found_by]
MUTANTS = MUTANTS if NIGHTLY else MUTANTS[::12]


@pytest.fixture
def in_both(run_isolated, graded_tests):
    """Return a function that runs a test here and in processes of its own."""

    def run(boxes, name, seed, elections=True):
        test = replace(graded_tests[name], elections=elections)
        conditions = RunConditions(boxes.submission, test, seed, boxes.preempt)
        here = run_test(conditions, recording=Recording(digest=True))
        return here, run_isolated(boxes, test, seed, digest=True)

    return run


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "preempt"),
    [(path, False) for path in CORRECT]
    + [(path, True) for path in (CORRECT if NIGHTLY else CORRECT[:1])],
)
def test_correct_submissions(path, preempt, zygote, in_both):
    boxes = zygote(ROOT / path, preempt)
    for name in TESTS:
        here, there = in_both(boxes, name, seed=3)
        assert (there.verdict, there.reason) == ("passed", here.reason)
        assert there.digest == here.digest


ANNOTATING = """
from labrpc import annotate
start_ = Raft.start
def start(self, command):
    annotate(f"asked to start {command}")
    return start_(self, command)
Raft.start = start
"""


def test_annotations_are_recorded_and_change_no_digest(
    zygote, run_isolated, graded_tests, tmp_path
):
    source = ROOT / "tests/submissions/counts_older_terms/raft.py"
    (tmp_path / "raft.py").write_text(source.read_text() + ANNOTATING)
    boxes, test = zygote(tmp_path), graded_tests["test_basic_agreement"]
    found = []
    for folder in ("here", "there"):
        traces = tmp_path / folder
        if folder == "here":
            conditions = RunConditions(boxes.submission, test, 0)
            run_test(conditions, recording=Recording(traces=traces))
        else:
            run_isolated(boxes, test, 0, traces=traces)
        trace = read_trace(traces / f"{test.name}-seed0.jsonl")
        notes = [row for row in trace.rows if isinstance(row, rows.Annotated)]
        found.append((notes, trace.end.digest))
    assert found[0] == found[1]
    notes, digest = found[0]
    assert "asked to start 100" in {note.text for note in notes}
    silent = RunConditions(Submission.find(source.parent), test, 0)
    assert run_test(silent, recording=Recording(digest=True)).digest == digest


# Every fault of the adversary's in one run: five times the events of any other test.
@pytest.mark.slow
def test_swarm_of_faults(zygote, in_both):
    here, there = in_both(zygote(ROOT / "raft"), "test_swarm", seed=3)
    assert there.verdict == "passed"
    assert there.digest == here.digest


@pytest.mark.slow
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_mutants(mutant, zygote, in_both):
    here, there = in_both(zygote(mutant.path, mutant.preempt), *mutant.found_by)
    assert (there.verdict, there.reason) == ("failed", here.reason)
    assert there.evidence == here.evidence
    assert there.digest == here.digest


BROKEN = [
    path
    for path in sorted((ROOT / "tests/submissions").iterdir())
    if path.name not in ("polling", "asyncio_raft")
]
# Each server has less memory than all of them have together, and tells less at once.
# A server's own limit, or that of all of them together: whichever is noticed first.
TOO_MUCH_MEMORY = r"memory limit: the servers.* take more than (256|384) MB"
LESS_MEMORY = {
    "huge_state": r"server \d: its process reports 16 MB in one step",
    "memory_in_blocks": TOO_MUCH_MEMORY,
    "memory_in_blocks_swallowed": TOO_MUCH_MEMORY,
    "memory_in_small": TOO_MUCH_MEMORY,
    "threads_in_thousands": TOO_MUCH_MEMORY,
}
# In this process they would be the end of it.
STUCK_CALLS = {
    "long_sum": r"sum\(range",
    "drains_an_endless_iterator": r"collections\.deque",
}
ACCIDENTS = {
    path.stem: path
    for path in sorted((ROOT / "tests/tester/judging/accidents").glob("*.py"))
}
# They do far more than any Raft, and nothing that others do not.
BUSY = {"prints_long_lines", "spins_on_the_clock", "sleeps_for_nothing"}
ORDINARY = [
    path
    for name, path in ACCIDENTS.items()
    if name not in (*LESS_MEMORY, *STUCK_CALLS, *BUSY)
]
WITH_LOOPS = re.compile(r"_loops?$|loops_when|swallows|for_ever|regex")
LOOPS = [path for path in (*BROKEN, *ORDINARY) if WITH_LOOPS.search(path.stem)]
OTHERS = [path for path in (*BROKEN, *ORDINARY) if path not in LOOPS]
OTHERS = OTHERS if NIGHTLY else OTHERS[::3]
STEP_CPU_S_MAX = 0.25
# How far a thread has come when its time is up is not fixed. Nor is, from Python 3.12
# on, at which call in C one was that went too deep there: it has a limit of its own.
VAGUE = re.compile(r"CPU time|repr_recurses")


@pytest.fixture
def impatient(monkeypatch, set_in_children):
    """Let the watchdogs, here and of the boxes, find a loop after a shorter time."""
    monkeypatch.setattr(watchdog, "STEP_CPU_S_MAX", STEP_CPU_S_MAX)
    set_in_children("labrpc.machine.watchdog", "STEP_CPU_S_MAX", STEP_CPU_S_MAX)


@pytest.mark.slow
@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("path", LOOPS, ids=lambda path: path.stem)
def test_a_loop_is_described_in_the_same_words(path, zygote, in_both):
    check_words(path, zygote, in_both)


@pytest.mark.slow
@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.stem)
def test_what_is_wrong_is_said_in_the_same_words(path, zygote, in_both):
    check_words(path, zygote, in_both)


def check_words(path, zygote, in_both):
    # Some lead without having been elected.
    here, there = in_both(zygote(path), "test_initial_election", 0, elections=False)
    if VAGUE.search(here.reason):
        assert there.verdict == here.verdict
        assert _without_names(there.reason) == _without_names(here.reason)
    else:
        assert (there.verdict, there.reason) == (here.verdict, here.reason)
        assert there.evidence == here.evidence
        assert there.digest == here.digest


def _without_names(reason):
    reason = reason.replace(" while getting the repr of an object", "")
    return re.sub(r"'[^']*'|\(.*?\)", "…", reason)


@pytest.mark.slow
@pytest.mark.parametrize("name", LESS_MEMORY)
def test_each_server_has_a_memory_of_its_own(name, zygote, run_isolated, graded_tests):
    boxes = zygote(ACCIDENTS[name])
    test = replace(graded_tests["test_initial_election"], elections=False)
    run = run_isolated(boxes, test, 0)
    assert run.verdict == "failed"
    assert re.search(LESS_MEMORY[name], run.reason)


@pytest.mark.slow
@pytest.mark.parametrize("name", STUCK_CALLS)
def test_a_call_into_c_that_does_not_return_is_ended_and_shown(
    name, zygote, run_isolated, graded_tests, set_in_children
):
    set_in_children("labrpc.machine.watchdog_timer", "CALL_CPU_S_MAX", 1.0)
    boxes = zygote(ACCIDENTS[name])
    test = replace(graded_tests["test_initial_election"], elections=False)
    run = run_isolated(boxes, test, 0)
    assert run.verdict == "failed"
    assert "without returning to Python" in run.reason
    assert re.search(STUCK_CALLS[name], run.evidence)
