"""Checking an instructor's suite: false alarms, what it finds, determinism, and cost.

Correct Rafts must pass each test; mutants show what a test sees. An installed lab has only
the reference: the others are in the lab's repository.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean

from tester.detection.matrix import read_markdown
from tester.detection.mutants import Mutant
from tester.errors import UsageError
from tester.intake.default_submission import REFERENCE
from tester.judging.graded_test import GradedTest
from tester.judging.run import blank_run
from tester.text import counted, listed
from tester.verdict import Run, Verdict, conclude
from tester.workers.engine import WorkerLost
from tester.workers.job import RunJob
from tester.workers.pool import GradingProcess, Pool

# At these seeds each test runs a second time, in a process with another hash seed.
SEEDS_TWICE = 2
OTHER_HASH_SEED = 1
# In the lab's repository, beside the reference. The tests of the bonus parts need a Raft
# that has them.
CORRECT = (
    "tests/submissions/polling",
    "tests/submissions/asyncio_raft",
    "tests/correct/portions_of_10.py",
    "tests/correct/ranked/ranked_random.py",
)
CORRECT_WITH_BONUS = "tests/correct/bonus/everything.py"


@dataclass(frozen=True)
class CorrectRaft:
    """A Raft that must pass.

    Attributes:
        has_bonus: whether it has the bonus parts' methods.
    """

    name: str
    path: Path
    has_bonus: bool = False


def correct_rafts(lab: Path, own: Sequence[Path]) -> list[CorrectRaft]:
    """Return the Rafts that must pass: the reference, the lab's others, and own ones.

    Args:
        lab: the lab's repository, or any other folder.
        own: submissions that the instructor knows to be correct.
    """
    found = [CorrectRaft("reference", REFERENCE)]
    found += [
        CorrectRaft(Path(name).stem, lab / name)
        for name in CORRECT
        if (lab / name).exists()
    ]
    if (lab / CORRECT_WITH_BONUS).exists():
        found.append(CorrectRaft("everything", lab / CORRECT_WITH_BONUS, True))
    for path in own:
        if not path.exists():
            raise UsageError(f"--correct: {path} does not exist")
        found.append(CorrectRaft(path.stem, path.resolve(), True))
    return found


def found_by_lab(lab: Path) -> dict[str, str]:
    """Return the share of seeds at which the lab's suite finds each mutant, as measured."""
    rows = read_markdown(lab / "docs" / "detection.md")
    return {mutant: cells["all"] for mutant, cells in rows.items()}


@dataclass
class TestCheck:
    """What became of one test.

    Attributes:
        alarms: its failed runs of correct Rafts.
        passed: how many runs of correct Rafts passed.
        unknown: its runs of correct Rafts that came to no verdict.
        twice: how many runs were made a second time.
        differing: the seeds at which the second run differed.
        found: the mutants that it finds.
        cpu_s: of each run of the reference.
    """

    __test__ = False  # Not a test class, though pytest would think so.

    test: GradedTest
    alarms: list[Run] = field(default_factory=list)
    passed: int = 0
    unknown: list[Run] = field(default_factory=list)
    twice: int = 0
    differing: list[int] = field(default_factory=list)
    found: list[str] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)

    @property
    def cpu_s_mean(self) -> float:
        """CPU seconds of a run of the reference."""
        return fmean(self.cpu_s) if self.cpu_s else 0.0

    def problem(self) -> str:
        """Return why the test is not fit to grade by, "" if it is."""
        if self.alarms:
            return self._false_alarms()
        if self.unknown:
            return f"{counted(len(self.unknown), 'run')} came to no verdict"
        if self.differing:
            return (
                f"two runs of seed {self.differing[0]} differ: the test draws from "
                "something other than cluster.random, reads the machine's clock, or "
                "depends on the order of a set"
            )
        if not self.passed:
            return "no correct Raft was there to try it with"
        return ""

    def _false_alarms(self) -> str:
        names = list(dict.fromkeys(run.submission for run in self.alarms))
        runs = self.passed + len(self.alarms)
        what = f"correct Rafts fail it in {len(self.alarms)} of {counted(runs, 'run')}"
        if not self.passed:
            return f"{what}: all of them, so it expects something wrong"
        return (
            f"{what} ({listed(names, 5)}): it expects what a correct Raft need not do, or "
            "not so soon"
        )


class SuiteCheck:
    """A suite that is being checked.

    Args:
        tests: the suite's.
        correct: the Rafts that must pass.
        mutants: Rafts with one bug each; the suite should find some of them.
        seeds: for the correct Rafts.
        mutant_seeds: for the mutants.
    """

    def __init__(
        self,
        tests: Sequence[GradedTest],
        correct: Sequence[CorrectRaft],
        mutants: Sequence[Mutant],
        seeds: range,
        mutant_seeds: range,
    ) -> None:
        self._mutants = {str(mutant.path): mutant for mutant in mutants}
        self._digests: dict[tuple[str, str, int], str] = {}
        self.checks = {test.name: TestCheck(test) for test in tests}
        self.jobs = [
            _job(test, raft.name, raft.path, seed)
            for raft in correct
            for seed in seeds
            for test in tests
            if raft.has_bonus or not test.is_bonus
        ]
        self.jobs += [
            _job(test, mutant.name, mutant.path, seed, mutant.preempt)
            for mutant in mutants
            for seed in mutant_seeds
            for test in tests
            if not test.is_bonus
        ]
        self._twice = [
            _job(test, raft.name, raft.path, seed)
            for test in tests
            # One Raft is enough: the test is to be tried, not the Raft.
            for raft in [r for r in correct if r.has_bonus == test.is_bonus][:1]
            for seed in seeds[:SEEDS_TWICE]
        ]

    @property
    def runs(self) -> int:
        """How many runs it takes."""
        return len(self.jobs) + len(self._twice)

    def make_runs(self, processes: int, notify: Callable[[], None]) -> None:
        """Make all runs, and note what comes of each; notify after each."""
        with Pool(processes) as pool:
            pool.add(*self.jobs)
            for job, result in pool.results():
                assert isinstance(job, RunJob)
                assert isinstance(result, Run | WorkerLost)
                self._note(job, self._as_run(job, result))
                notify()
        process: GradingProcess | None = None
        try:
            for job in self._twice:
                process = process or GradingProcess(hash_seed=OTHER_HASH_SEED)
                process.give(job)
                again = process.receive()
                if not isinstance(again, Run):
                    again = self._as_run(job, process.exit_cause(job))
                    process.stop()
                    process = None
                self._compare(job, again)
                notify()
        finally:
            if process is not None:
                process.stop()

    def _as_run(self, job: RunJob, result: Run | WorkerLost) -> Run:
        if isinstance(result, Run):
            return result
        run = blank_run(self.checks[job.test].test, job.name, job.seed)
        fault = result.is_submissions_fault
        verdict = Verdict.FAILED if fault else Verdict.UNKNOWN
        conclude(run, verdict, result.code, result.reason)
        return run

    def _note(self, job: RunJob, run: Run) -> None:
        check = self.checks[job.test]
        mutant = self._mutants.get(job.path)
        if mutant is not None:
            if run.verdict is Verdict.FAILED and mutant.name not in check.found:
                check.found.append(mutant.name)
            return
        self._digests[job.path, job.test, job.seed] = run.digest
        if run.passed:
            check.passed += 1
        elif run.verdict is Verdict.FAILED:
            check.alarms.append(run)
        else:
            check.unknown.append(run)
        if job.path == str(REFERENCE):
            check.cpu_s.append(run.cpu_s)

    def _compare(self, job: RunJob, again: Run) -> None:
        check = self.checks[job.test]
        if again.verdict is Verdict.UNKNOWN:
            check.unknown.append(again)
            return
        check.twice += 1
        if again.digest != self._digests[job.path, job.test, job.seed]:
            check.differing.append(job.seed)


def _job(
    test: GradedTest, name: str, path: Path, seed: int, preempt: bool = False
) -> RunJob:
    return RunJob(
        path=str(path),
        name=name,
        preempt=preempt,
        test=test.name,
        suite=str(test.suite or ""),
        seed=seed,
        digest=True,
    )


def seldom(share: str) -> bool:
    """Return whether a share, as in "67 %", is less than all."""
    number = re.match(r"\d+", share)
    return number is not None and int(number[0]) < 100
