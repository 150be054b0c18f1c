"""A pair of a submission and a test: the unit that has a budget, and that is never cut.

What becomes of a pair depends on its own runs only, taken in the order of the seeds. So
neither the number of processes nor the machines among which a grading is divided decide
a verdict.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from tester.judging.graded_test import GradedTest
from tester.verdict import Run, Verdict


@dataclass
class Pair:
    """The runs of one test of one submission.

    Attributes:
        seeds: in the order in which they count.
        budget_s: the CPU seconds after which all further seeds have failed.
        clearness: takes how many seeds came to a verdict and how many of these failed,
            and returns whether the others can be left out; None if none can.
        made: the runs that were made, by seed. Some may lie beyond the end: several
            processes run ahead of each other.
        end: how many seeds count, from the first one on.
        is_clear: whether seeds are left out because they are not needed.
    """

    test: GradedTest
    seeds: Sequence[int]
    budget_s: float
    clearness: Callable[[int, int], bool] | None = None
    made: dict[int, Run] = field(default_factory=dict)
    end: int = field(init=False)
    is_clear: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self.end = len(self.seeds)

    def keep(self, run: Run) -> None:
        """Take in a run; a second one at a seed replaces the first."""
        self.made[run.seed] = run
        self.is_clear = False
        spent_s, self.end = 0.0, len(self.seeds)
        judged = failed = 0
        all_before = True
        for index, seed in enumerate(self.seeds):
            if spent_s > self.budget_s:
                self.end = index
                return
            made = self.made.get(seed)
            if made is None:
                all_before = False
                continue
            spent_s += cost_s(made)
            judged += made.verdict is not Verdict.UNKNOWN
            failed += made.verdict is Verdict.FAILED
            if all_before and self.clearness and self.clearness(judged, failed):
                self.end, self.is_clear = index + 1, True
                return

    @property
    def is_over_budget(self) -> bool:
        """Whether seeds are left for which the budget has nothing."""
        return self.is_cut and not self.is_clear

    @property
    def is_cut(self) -> bool:
        """Whether seeds are left at which no run counts."""
        return self.end < len(self.seeds)

    @property
    def covered(self) -> Sequence[int]:
        """The seeds at which a run counts."""
        return self.seeds[: self.end]

    @property
    def reported(self) -> Sequence[int]:
        """The seeds that results name: not those that are not needed."""
        return self.covered if self.is_clear else self.seeds

    @property
    def spared(self) -> int:
        """How many seeds are not needed."""
        return len(self.seeds) - len(self.reported)

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
