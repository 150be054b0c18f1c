"""What it costs to look after the properties of Figure 3 at every step.

Two runs with and without them would not be the same run: a server that is asked
draws other numbers. So the time is taken within one run. It includes what the
servers do when they are asked, and the stopwatch itself.
"""

import time
from pathlib import Path

import pytest

from labrpc.submission.submission import Submission
from tester.judging.run import run_test
from tester.judging.run_conditions import RunConditions
from tester.judging.suite import collect
from tester.oracles.invariants import Invariants
from tester.oracles.state_probe import StateProbe

ROOT = Path(__file__).resolve().parents[2]
SUBMISSIONS = ("raft", "tests/submissions/polling", "tests/submissions/asyncio_raft")
# All that others call.
INVARIANTS = ("settled", "reported", "proposed", "answered", "applied")
PROBE = ("step_done", "_answered")
SEEDS = range(2)


class Stopwatch:
    """Adds up the time in some functions; what they call of each other counts once."""

    def __init__(self):
        self.spent_ns = 0
        self._running = False

    def timed(self, function):
        """Return the function, its time taken."""

        def timed(*args, **options):
            if self._running:
                return function(*args, **options)
            self._running = True
            began_ns = time.perf_counter_ns()
            try:
                return function(*args, **options)
            finally:
                self.spent_ns += time.perf_counter_ns() - began_ns
                self._running = False

        return timed


@pytest.mark.parametrize("path", SUBMISSIONS)
def test_invariants(path, benchmark, monkeypatch):
    submission = Submission.find(ROOT / path)
    tests = collect()
    invariants, everything = Stopwatch(), Stopwatch()
    for kind, names in ((Invariants, INVARIANTS), (StateProbe, PROBE)):
        for name in names:
            monkeypatch.setattr(kind, name, invariants.timed(getattr(kind, name)))

    @everything.timed
    def suite():
        return [
            run_test(RunConditions(submission, test, s))
            for s in SEEDS
            for test in tests
        ]

    runs = benchmark.pedantic(suite)
    share = invariants.spent_ns / everything.spent_ns
    print(f"\n{path}: {share:.1%} of the time in the invariants")
    assert all(run.passed for run in runs)
