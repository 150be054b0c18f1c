"""From runs to points: what each test and each submission has earned."""

from collections.abc import Iterable
from dataclasses import dataclass

from tester.verdict import Run, Verdict


@dataclass(frozen=True)
class TestGrade:
    """One test of one submission over all seeds.

    A test earns its points if it passed at every seed that was graded. Runs
    that are unknown count for nothing, neither way.
    """

    __test__ = False  # Not a test class, though pytest would think so.

    runs: list[Run]

    @property
    def first(self) -> Run:
        """The run at the first seed, for what all runs have in common."""
        return self.runs[0]

    @property
    def passed(self) -> int:
        """How many seeds passed."""
        return sum(run.passed for run in self.runs)

    @property
    def unknown(self) -> int:
        """How many seeds came to no verdict."""
        return sum(run.verdict is Verdict.UNKNOWN for run in self.runs)

    @property
    def failure(self) -> Run | None:
        """The failed run with the lowest seed, None if none failed."""
        failed = (run for run in self.runs if run.verdict is Verdict.FAILED)
        return next(failed, None)

    @property
    def graded(self) -> bool:
        """Whether any seed came to a verdict."""
        return self.unknown < len(self.runs)

    @property
    def points(self) -> float:
        """What the test has earned."""
        return self.first.points if self.graded and self.failure is None else 0

    @property
    def points_max(self) -> float:
        """What the test could earn: nothing if no run came to a verdict."""
        return self.first.points if self.graded else 0


@dataclass(frozen=True)
class Grade:
    """What one submission has earned.

    Attributes:
        path: where the submission lies.
        load_error: why it does not load, "" if it does.
        digest: the same for submissions that are the same, "" if it is not known.
        same_as: the one of them whose runs count for this one too, "" for none.
    """

    submission: str
    path: str
    tests: list[TestGrade]
    load_error: str = ""
    digest: str = ""
    same_as: str = ""

    @property
    def points(self) -> float:
        """The sum over the tests."""
        return sum(test.points for test in self.tests)

    @property
    def points_max(self) -> float:
        """What could have been earned."""
        return sum(test.points_max for test in self.tests)

    @property
    def percent(self) -> float:
        """Earned points as a share of those that could be earned."""
        return 100 * self.points / self.points_max if self.points_max else 0.0

    @property
    def parts(self) -> dict[str, float]:
        """The points earned in each part."""
        points: dict[str, float] = {}
        for test in self.tests:
            part = test.first.part
            points[part] = points.get(part, 0) + test.points
        return points

    @property
    def runs(self) -> list[Run]:
        """Every run of the submission."""
        return [run for test in self.tests for run in test.runs]


def by_test(runs: Iterable[Run]) -> list[TestGrade]:
    """Return runs of one submission by test, in the order of their first run."""
    tests: dict[str, list[Run]] = {}
    for run in runs:
        tests.setdefault(run.test, []).append(run)
    return [
        TestGrade(sorted(found, key=lambda run: run.seed)) for found in tests.values()
    ]
