"""A pair of a submission and a test: the unit that has a budget, and that is never cut.

What becomes of a pair depends on its own runs only, taken in the order of the seeds. So
neither the number of processes nor the machines among which a grading is divided decide
a verdict.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from tester.judging.graded_test import GradedTest
from tester.verdict import Run, Verdict


@dataclass
class Pair:
    """The runs of one test of one submission.

    Attributes:
        seeds: in the order in which they count.
        budget_s: after so many CPU seconds, all seeds that follow have failed.
        made: the runs that were made, by seed. Some may lie beyond the budget: several
            processes run ahead of each other.
        end: how many seeds, from the first one on, the budget covers.
    """

    test: GradedTest
    seeds: Sequence[int]
    budget_s: float
    made: dict[int, Run] = field(default_factory=dict)
    end: int = field(init=False)

    def __post_init__(self) -> None:
        self.end = len(self.seeds)

    def keep(self, run: Run) -> None:
        """Take in a run; a second one at a seed replaces the first."""
        self.made[run.seed] = run
        spent_s, self.end = 0.0, len(self.seeds)
        for index, seed in enumerate(self.seeds):
            if spent_s > self.budget_s:
                self.end = index
                break
            if seed in self.made:
                spent_s += cost_s(self.made[seed])

    @property
    def is_over_budget(self) -> bool:
        """Whether seeds are left for which the budget has nothing."""
        return self.end < len(self.seeds)

    @property
    def covered(self) -> Sequence[int]:
        """The seeds that the budget covers."""
        return self.seeds[: self.end]

    @property
    def counted(self) -> list[Run]:
        """The runs that were made and count."""
        return [self.made[seed] for seed in self.covered if seed in self.made]

    @property
    def missing(self) -> list[int]:
        """The seeds at which a run is still to be made."""
        return [seed for seed in self.covered if seed not in self.made]

    def first_failure(
        self, ignored: Collection[int], undecided: Collection[int]
    ) -> Run | None:
        """Return the failed run of the first seed; None if it is not known which that is.

        Args:
            ignored: seeds that do not count here.
            undecided: seeds whose run may be replaced by another.
        """
        for seed in self.covered:
            if seed in ignored:
                continue
            if seed not in self.made or seed in undecided:
                return None
            if self.made[seed].verdict is Verdict.FAILED:
                return self.made[seed]
        return None


def cost_s(run: Run) -> float:
    """Return what a run takes of its pair's budget.

    Sleep counts as CPU time does: it keeps the others waiting. What came to no verdict
    is the lab's fault, and so is the time that it took.
    """
    return 0.0 if run.verdict is Verdict.UNKNOWN else run.cpu_s + run.idle_s
