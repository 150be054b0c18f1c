"""What processes of their own cost: CPU of the whole suite, isolated and not, by turns."""

import os
import statistics
import sys
from pathlib import Path

import pytest

from labrpc.sandbox.linux import pin_to_one_core
from labrpc.submission.submission import Submission
from tester.judging.run import run_test
from tester.judging.run_conditions import RunConditions
from tester.judging.run_hosting import IN_PROCESS, RunHosting
from tester.judging.suite import collect

ROOT = Path(__file__).resolve().parents[2]
CORRECT = ["raft", "tests/submissions/polling", "tests/submissions/asyncio_raft"]
ROUNDS = 3

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="processes are isolated by what only Linux has"
)


@pytest.fixture
def one_core():
    """As the grader's processes have it: judge and boxes take turns on one core."""
    cores = os.sched_getaffinity(0)
    pin_to_one_core(1)
    yield
    os.sched_setaffinity(0, cores)


@pytest.mark.parametrize("path", CORRECT)
def test_isolation(path, benchmark, one_core):
    """Each round runs the suite at one seed in this process, then isolated."""
    submission = Submission.find(ROOT / path)
    tests = collect()
    here = IN_PROCESS.open(submission)
    there = RunHosting(isolation="process").open(submission, process_number=1)
    ratios, isolated = [], []

    def cpu_s(host):
        runs = [run_test(RunConditions(submission, test, 0), host) for test in tests]
        assert all(run.passed for run in runs)
        return sum(run.cpu_s for run in runs)

    def both():
        alone_s, isolated_s = cpu_s(here), cpu_s(there)
        ratios.append(isolated_s / alone_s)
        isolated.append(isolated_s)
        print(f"\n{path}: {alone_s:.2f} s, isolated {isolated_s:.2f} s of CPU")

    cpu_s(here)
    benchmark.pedantic(both, rounds=ROUNDS)
    there.close()
    print(f"isolated, it takes {statistics.median(ratios):.2f} times the CPU (median)")
    an_hour = 3600 / statistics.median(isolated)
    print(f"a core grades {an_hour:.0f} such submissions in an hour, at one seed")
