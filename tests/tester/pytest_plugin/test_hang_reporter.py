"""Calls into C that never return, under pytest: named, kept, and nothing else is lost."""

import re
import shlex
from pathlib import Path

import pytest

from labrpc.submission.native_hang import stuck_call
from tester.judging.run import new_run
from tester.judging.run_conditions import RunConditions
from tester.pytest_plugin.run_log import RunLog, RunLogContents, WorkerRunLogs
from tester.verdict import Verdict

# Hangs at the third command of the test of agreement.
HANGS_LATER = """
def start(self, command):
    if command == 300:
        sum(range(10**12))
    return self.accept(command)

def accept(self, command):
    if not self.leads():
        return -1, 1, False
    self.started += 1
    for peer in self.peers:
        self.send(peer, (self.started, command))
    return self.started, 1, True
"""
IMPATIENT = """
from labrpc.machine import watchdog_timer

watchdog_timer.CALL_CPU_S_MAX = 1.0
"""
TWO_TESTS = "initial_election or basic_agreement"


@pytest.fixture
def lab(shell, tmp_path, project):
    """Return a function that runs some of the graded suite, and soon calls it a hang."""
    (tmp_path / "impatient.py").write_text(IMPATIENT)

    def run(submission, expression, *options):
        words = [
            "pytest", "-p", "impatient", "-p", "no:cacheprovider",
            f"{project}/tests/lab2", "-v",
            "-k", expression, "--submission", str(submission), *options,
        ]  # fmt: skip
        return shell(shlex.join(words), tmp_path, PYTHONPATH=str(tmp_path))

    return run


def kept(directory):
    return sorted(file.name for file in (directory / ".lab/failures").iterdir())


@pytest.mark.slow
def test_without_workers_the_report_is_made_for_the_process_that_hangs(
    lab, dictator, tmp_path
):
    done = lab(dictator(HANGS_LATER).path, TWO_TESTS, "--seeds=2")
    assert done.returncode != 0
    assert "test_basic_agreement, seed 0:" in done.stderr
    # Another process reports it, and is as patient as ever.
    assert "a call used more than 3 s of CPU time without returning" in done.stderr
    assert re.search(r"raft\.py:\d+ in start\n +sum\(range\(10\*\*12\)\)", done.stderr)
    assert re.search(r"^replay: pytest .*basic_agreement --seed 0 ", done.stderr, re.M)
    # What ran before is in that report.
    assert "2 of 3 runs passed" in done.stderr
    assert kept(tmp_path) == ["fake--test_basic_agreement--0.json"]


@pytest.mark.slow
def test_with_workers_only_the_one_test_ends(lab, dictator, tmp_path):
    submission = dictator(HANGS_LATER).path
    done = lab(submission, TWO_TESTS, "-n", "2", "--seeds", "2")
    assert done.returncode == 1
    assert "2 failed" in done.stdout.splitlines()[-1]
    assert done.stdout.count("\nreplay: pytest ") == 2
    for seed in (0, 1):
        assert re.search(
            rf"^replay: .*basic_agreement --seed {seed} ", done.stdout, re.M
        )
    assert "a call used more than 1 s of CPU time without returning" in done.stdout
    assert re.search(r"raft\.py:\d+ in start\n +sum\(", done.stdout)
    assert "2 of 4 runs passed" in done.stdout
    # A worker that replaced another had the same items, though one was kept now.
    assert set(re.findall(r"::test_\w+\[(\w+)\]", done.stdout)) == {"seed0", "seed1"}
    assert kept(tmp_path) == [
        f"fake--test_basic_agreement--{seed}.json" for seed in (0, 1)
    ]


# Journals.


@pytest.fixture
def new(dictator, graded_tests):
    """Return a function that makes a run of a given seed."""
    return lambda seed: new_run(
        RunConditions(dictator(), graded_tests["test_re_election"], seed)
    )


def stack_in(submission):
    """Return what C writes when a call in a submission's handler does not return."""
    return (
        "Thread 0x1 (most recent call first):\n"
        '  File "/lib/threading.py", line 7 in wait\n\n'
        "Current thread 0x2 (most recent call first):\n"
        f'  File "{submission.path}/raft.py", line 4 in __init__\n'
        '  File "/lab/box.py", line 9 in step\n'
    )


def journal_of(file, *lines, then=""):
    with file.open("wb", buffering=0) as out:
        journal = RunLog(out.fileno())
        for what, run in lines:
            getattr(journal, what)(run)
        out.write(then.encode())


def test_the_seeds_of_an_item_before_the_one_that_hangs_are_not_lost(new, dictator):
    journals = WorkerRunLogs(dictator())
    try:
        lines = [("begin", new(0)), ("end", new(0)), ("begin", new(1)), ("end", new(1))]
        file = Path(journals.directory, "gw0")
        journal_of(file, *lines, ("begin", new(2)), then=stack_in(dictator()))
        journals.note_reported("gw0", 1)
        found = journals.unreported("gw0", died=True)
        assert [(run.seed, run.verdict) for run in found] == [
            (1, Verdict.PASSED), (2, Verdict.FAILED),
        ]  # fmt: skip
        assert found[1].code == "hangs-in-c"
        assert found[1].evidence.startswith("  raft.py:4 in __init__\n")
        journals.note_reported("gw0", 2)
        assert journals.all_unreported() == []
    finally:
        journals.close()


def test_a_process_that_died_of_something_else_leaves_an_unknown_run(new, dictator):
    journals = WorkerRunLogs(dictator())
    try:
        journal_of(Path(journals.directory, "gw1"), ("begin", new(5)))
        (run,) = journals.unreported("gw1", died=True)
        assert (run.seed, run.verdict) == (5, Verdict.UNKNOWN)
        assert run.code == "process-lost"
        assert run.reason == "the process that ran it died"
        # One that was interrupted has not been judged.
        assert journals.all_unreported() == []
    finally:
        journals.close()


def test_a_call_in_the_labs_own_code_is_none_of_the_submissions(new, dictator):
    stack = (
        'Current thread 0x2 (most recent call first):\n  File "/lab.py", line 9 in f\n'
    )
    assert stuck_call(stack, dictator())[1] == ""
    remains = RunLogContents([], new(3), stack)
    (run,) = remains.last_run(dictator(), died=True)
    assert run.verdict is Verdict.UNKNOWN
    assert "/lab.py" in run.evidence


def test_a_line_that_is_cut_off_is_passed_over(new, tmp_path):
    journal_of(
        tmp_path / "j", ("begin", new(0)), ("end", new(0)), then='{"ended":{"test'
    )
    remains = RunLogContents.read((tmp_path / "j").read_bytes())
    assert [run.seed for run in remains.ended] == [0]
    assert remains.under_way is None
    assert remains.stack == ""
