"""What the graded suite costs for the reference at one seed: CPU and memory."""

import resource
import time
from pathlib import Path

from labrpc.submission.submission import Submission
from tester.judging.run import run_test
from tester.judging.run_conditions import RunConditions
from tester.judging.suite import collect

REFERENCE = Path(__file__).resolve().parents[2] / "raft"


def test_whole_suite(benchmark):
    """All tests, one after the other, on one core."""
    tests = collect()
    submission = Submission.find(REFERENCE)
    runs = []

    def whole_suite():
        runs[:] = [run_test(RunConditions(submission, test, 0)) for test in tests]

    cpu_s = time.process_time()
    benchmark.pedantic(whole_suite, rounds=3)
    cpu_s = (time.process_time() - cpu_s) / 3
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    slowest = sorted(runs, key=lambda run: -run.cpu_s)[:5]
    print(
        f"\n{cpu_s:.2f} s of CPU for {sum(run.virtual_s for run in runs):.0f} virtual "
        f"seconds and {sum(run.rpcs for run in runs)} RPCs; peak {memory_mb:.0f} MB"
    )
    for run in slowest:
        print(f"  {run.cpu_s:.2f} s  {run.test}")
    assert all(run.passed for run in runs)
