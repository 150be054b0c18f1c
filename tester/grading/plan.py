"""What a grading is to do: submissions by tests by seeds, and what all runs share."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from labrpc.machine.watchdog import RUN_CPU_S_MAX
from tester.grading.journal import Entered, Header
from tester.intake.duplicates import fingerprint
from tester.intake.refusals import Refused
from tester.judging.graded_test import GradedTest
from tester.judging.run_conditions import lab_digest
from tester.judging.run_hosting import IN_PROCESS, RunHosting
from tester.scoring.rubric import Rubric
from tester.workers.worker import Job

# Ten times what the reference needs for a run with a process for each server.
BUDGET_S_PER_RUN = 5.0


@dataclass
class Plan:
    """What to grade.

    Attributes:
        submissions: name to path; names are unique.
        rubric: what the runs are worth.
        preempt: whether the submissions' threads may lose their turn.
        hosting: how the runs are hosted.
        budget_s: CPU seconds that one submission has, None for what is usual.
        refused: why a submission is not even loaded, by name.
        inside: where in the student's repository it lies, by name, unless that is all.
        fingerprints: equal for submissions of which every file is the same.
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
    fingerprints: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        """Look at every submission's files."""
        if self.budget_s is None:
            # One run may take all that a run may take.
            self.budget_s = RUN_CPU_S_MAX + BUDGET_S_PER_RUN * self.runs_each
        self.fingerprints = {
            name: "" if name in self.refused else fingerprint(path)
            for name, path in self.submissions.items()
        }

    @property
    def runs_each(self) -> int:
        """How many runs a submission has."""
        return len(self.tests) * len(self.seeds)

    @property
    def runs(self) -> int:
        """How many runs there are."""
        return len(self.submissions) * self.runs_each

    def header(self) -> Header:
        """Return what the results depend on."""
        assert self.budget_s is not None
        return Header(
            lab=lab_digest(),
            python=platform.python_version(),
            tests=[test.name for test in self.tests],
            seeds=list(self.seeds),
            preempt=self.preempt,
            hosting=self.hosting,
            rubric=self.rubric.digest,
            budget_s=self.budget_s,
            submissions=[
                Entered(
                    name,
                    str(path),
                    self.fingerprints[name],
                    str(self.refused.get(name, "")),
                )
                for name, path in self.submissions.items()
            ],
        )

    def job(self, name: str, test: str = "", seed: int = 0) -> Job:
        """Return the job of one run, or the one that loads a submission."""
        return Job(
            path=str(self.submissions[name]),
            name=name,
            preempt=self.preempt,
            hosting=self.hosting,
            test=test,
            seed=seed,
            digest=True,
        )
