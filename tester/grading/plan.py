"""The plan of a grading: submissions by tests by seeds, and what all runs share."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from labrpc.machine.watchdog import RUN_CPU_S_MAX
from tester import codes
from tester.errors import UsageError
from tester.grading.journal import Entered, EnteredSuite, Header
from tester.grading.shard import Shard
from tester.intake.duplicates import find_duplicates, fingerprint
from tester.intake.refusals import Refused
from tester.judging.graded_test import GradedTest
from tester.judging.own_suite import suite_digest
from tester.judging.run_conditions import lab_digest
from tester.judging.run_hosting import IN_PROCESS, RunHosting
from tester.judging.suite import LABS, Suites, collect
from tester.reports.files import submission_folder
from tester.scoring.rubric import Rubric
from tester.verdict import Run
from tester.views.redaction import code_places
from tester.workers.job import LoadJob, PictureJob, RunJob

# Ten times what the reference needs for a run with a process for each server.
BUDGET_S_PER_RUN = 5.0
# As much for each state of a search.
BUDGET_S_PER_STATE = 0.06


@dataclass
class Plan:
    """What to grade.

    Attributes:
        submissions: name to path; names are unique.
        rubric: what the runs are worth.
        preempt: whether the submissions' threads may lose their turn.
        hosting: how the runs are hosted.
        budget_s: the CPU seconds of one test of one submission, None for the default.
        refused: why a submission is not even loaded, by name.
        inside: where in the student's repository it lies, by name, unless that is all.
        situations: whether to note which situations each run meets.
        out: the directory of the results, which gets pictures; None for no pictures.
        shard: the share of it that is run here, None for all.
        fingerprints: equal for submissions with the same files; taken from the files if
            none are given.
        duplicates: the submission whose runs count for another with the same files.
    """

    submissions: dict[str, Path]
    tests: list[GradedTest]
    seeds: Sequence[int]
    rubric: Rubric
    preempt: bool = False
    hosting: RunHosting = IN_PROCESS
    budget_s: float | None = None
    refused: dict[str, Refused] = field(default_factory=dict)
    inside: dict[str, str] = field(default_factory=dict)
    situations: bool = False
    out: Path | None = None
    shard: Shard | None = None
    fingerprints: dict[str, str] = field(default_factory=dict)
    duplicates: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        """Take the fingerprint of every submission's files, and cut the shard."""
        self.fingerprints = self.fingerprints or {
            name: "" if name in self.refused else fingerprint(path)
            for name, path in self.submissions.items()
        }
        self.duplicates = find_duplicates(self.submissions, self.fingerprints)
        self._mine: dict[str, set[str]] | None = None
        if self.shard is not None:
            nothing_to_run = self.duplicates.keys() | self.refused.keys()
            self._mine = self.shard.pairs(
                (name for name in self.submissions if name not in nothing_to_run),
                [test.name for test in self.tests],
            )

    def tests_of(self, name: str) -> list[GradedTest]:
        """Return the tests that are run here of a submission, or of its original."""
        if self._mine is None:
            return self.tests
        mine = self._mine.get(self.duplicates.get(name, name), set())
        return [test for test in self.tests if test.name in mine]

    def runs_of(self, name: str) -> int:
        """Return how many runs there are of a submission, or of its original."""
        return len(self.tests_of(name)) * len(self.seeds)

    @property
    def lab(self) -> int:
        """The number of the lab whose tests are run."""
        return max((test.lab for test in self.tests), default=2)

    @property
    def runs(self) -> int:
        """How many runs there are."""
        return sum(map(self.runs_of, self.submissions))

    @property
    def cpu_s_max(self) -> float:
        """CPU seconds that one test of one submission has for all its seeds."""
        if self.budget_s is not None:
            return self.budget_s
        # One run may take all that a run may take.
        return RUN_CPU_S_MAX + BUDGET_S_PER_RUN * len(self.seeds)

    def budget_s_of(self, test: GradedTest) -> float:
        """Return the CPU seconds of one test of one submission; a search has its own."""
        states = test.search_states * len(self.seeds)
        return self.cpu_s_max + BUDGET_S_PER_STATE * states

    def header(self) -> Header:
        """Return what the results depend on."""
        return Header(
            lab=lab_digest(),
            python=platform.python_version(),
            tests=[test.name for test in self.tests],
            seeds=list(self.seeds),
            preempt=self.preempt,
            situations=self.situations,
            hosting=self.hosting,
            rubric=self.rubric.rules,
            hidden=list(self.rubric.hidden),
            budget_s=self.cpu_s_max,
            suites=[
                EnteredSuite(str(folder), suite_digest(folder))
                for folder in dict.fromkeys(test.suite for test in self.tests)
                if folder is not None
            ],
            submissions=[
                self._entered(name, path) for name, path in self.submissions.items()
            ],
            shard=self.shard,
            out=str(self.out.resolve()) if self.out is not None else "",
            places=code_places(),
        )

    def _entered(self, name: str, path: Path) -> Entered:
        refused = self.refused.get(name)
        return Entered(
            name,
            str(path),
            self.fingerprints[name],
            str(refused or ""),
            refused.code.name if refused else "",
            self.inside.get(name, ""),
        )

    def load_job(self, name: str) -> LoadJob:
        """Return the job that loads a submission."""
        return LoadJob(
            path=str(self.submissions[name]),
            name=name,
            preempt=self.preempt,
            hosting=self.hosting,
            lab=self.lab,
        )

    def run_job(self, name: str, test: GradedTest, seed: int) -> RunJob:
        """Return the job of one run of a submission."""
        return RunJob(
            path=str(self.submissions[name]),
            name=name,
            preempt=self.preempt,
            hosting=self.hosting,
            test=test.name,
            suite=str(test.suite or ""),
            seed=seed,
            lab=self.lab,
            digest=True,
            situations=self.situations,
            search_states=test.search_states,
        )

    def _suite_of(self, test: str) -> str:
        (suite,) = [each.suite for each in self.tests if each.name == test]
        return str(suite or "")

    def picture_job(self, run: Run) -> PictureJob | None:
        """Return the job that draws a picture of a failed run; None for no picture.

        A secret, a seed or a test, must not be seen in one, and where nothing ran, there
        is nothing to see. One that was drawn, or could not be, is not drawn again.
        """
        warned = {warning.code for warning in run.warnings}
        is_done = run.picture or codes.PICTURE_NOT_DRAWN.name in warned
        if self.out is None or run.hidden_test or run.seed in self.rubric.hidden:
            return None
        if is_done or not run.digest:
            return None
        return PictureJob(
            path=str(self.submissions[run.submission]),
            name=run.submission,
            preempt=self.preempt,
            hosting=self.hosting,
            run=run,
            lab=self.lab,
            suite=self._suite_of(run.test),
            folder=str(self.out / submission_folder(run.submission)),
        )


def plan_of(header: Header, paths: dict[str, Path], out: Path | None) -> Plan:
    """Return the whole plan of a grading, or of a shard of one, from its header.

    Args:
        header: of its journal.
        paths: where the submissions lie, by name.
        out: the directory of the results, None for no pictures.

    Raises:
        UsageError: one of the tests is no longer in the suite.
    """
    tests = _tests_of(header)
    missing = [name for name in header.tests if name not in tests]
    if missing:
        raise UsageError(f"there is no test {missing[0]} any more")
    public = header.seeds[: len(header.seeds) - len(header.hidden)]
    first = public[0] if public else 0
    rubric = header.rubric.rubric(range(first, first + len(public)), header.hidden)
    return Plan(
        paths,
        rubric.tests(tests[name] for name in header.tests),
        header.seeds,
        rubric,
        preempt=header.preempt,
        hosting=header.hosting,
        budget_s=header.budget_s,
        refused={
            entry.name: Refused(codes.ALL_CODES[entry.refused_code], entry.refused)
            for entry in header.submissions
            if entry.refused
        },
        inside={e.name: e.inside for e in header.submissions if e.inside},
        situations=header.situations,
        out=out,
        fingerprints={entry.name: entry.fingerprint for entry in header.submissions},
    )


def _tests_of(header: Header) -> dict[str, GradedTest]:
    """Return all tests of the lab and of the suites that were graded, by name."""
    suites = Suites(tuple(Path(suite.path) for suite in header.suites))
    graded = set(header.tests)
    labs = (
        lab
        for lab in LABS
        if any(test.name in graded for test in collect(bonus=True, lab=lab))
    )
    # With the tests of its own lab only: a suite may use their parts.
    found = collect(bonus=True, suites=suites, lab=next(labs, LABS[0]))
    return {test.name: test for test in found}
