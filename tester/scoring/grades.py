"""The points that each test, part and submission has earned."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import fsum

from tester.outcome import TestOutcome, by_test
from tester.scoring.policy import Policy
from tester.verdict import Run

# Points are exact to so many decimals, so that sums are what one expects.
DECIMALS = 9
NO_SEED_MAY_FAIL = Policy()


@dataclass(frozen=True)
class TestGrade:
    """The points of one test of one submission.

    Attributes:
        outcome: its runs by seed, the public ones first: those anybody can replay.
        share: what share of its points it has earned.
        policy: how that came about.
        extra: its points are added, but not held against those who lack them.
    """

    __test__ = False  # Not a test class, though pytest would think so.

    outcome: TestOutcome
    share: float
    policy: Policy
    extra: bool = False

    @property
    def points(self) -> float:
        """The points that the test has earned."""
        return round(self.share * self.points_max, DECIMALS)

    @property
    def points_max(self) -> float:
        """The points that it could earn: none if no run came to a verdict."""
        return self.outcome.runs[0].points if self.outcome.counts.judged else 0


@dataclass(frozen=True)
class PartGrade:
    """One part of one submission.

    Attributes:
        tests: at least one; they share the part's policy.
    """

    name: str
    tests: list[TestGrade]

    @property
    def points(self) -> float:
        """The sum over the tests."""
        return _total(test.share * test.points_max for test in self.tests)

    @property
    def points_max(self) -> float:
        """What the part could earn, extra or not."""
        return _total(test.points_max for test in self.tests)

    @property
    def extra(self) -> bool:
        """Whether its points are added, but not held against those who lack them."""
        return self.tests[0].extra

    @property
    def policy(self) -> str:
        """What earns its points, in words."""
        return self.tests[0].policy.words


@dataclass(frozen=True)
class Grade:
    """What one submission has earned.

    Attributes:
        path: where the submission lies.
        load_error: why it does not load, "" if it does.
        digest: the same for submissions that are the same, "" if it is not known.
        same_as: the one of them whose runs count for this one too, "" for none.
        inside: where in the student's repository it lies, "." if that is all of it.
    """

    submission: str
    path: str
    tests: list[TestGrade]
    load_error: str = ""
    digest: str = ""
    same_as: str = ""
    inside: str = "."

    @property
    def part_grades(self) -> list[PartGrade]:
        """What each part has earned and why."""
        tests: dict[str, list[TestGrade]] = {}
        for test in self.tests:
            tests.setdefault(test.outcome.part, []).append(test)
        return [PartGrade(name, found) for name, found in tests.items()]

    @property
    def points(self) -> float:
        """The sum over the parts."""
        return _total(part.points for part in self.part_grades)

    @property
    def points_max(self) -> float:
        """What could have been earned without the extra parts."""
        return _total(part.points_max for part in self.part_grades if not part.extra)

    @property
    def percent(self) -> float | None:
        """Earned points as a share of those that could be earned.

        More than 100 with extra points. None if none could be: where nothing came to
        a verdict, or there are extra points only, it would be wrong to say 0.
        """
        return 100 * self.points / self.points_max if self.points_max else None

    @property
    def only_extra(self) -> bool:
        """Whether all that could be earned is extra."""
        return not self.points_max and any(p.points_max for p in self.part_grades)

    @property
    def earned(self) -> str:
        """What was earned, in words."""
        points = f"{round(self.points, 2):g}"
        if self.only_extra:
            return f"{points} extra points"
        return f"{points} of {round(self.points_max, 2):g} points"

    @property
    def parts(self) -> dict[str, float]:
        """The points earned in each part."""
        return {part.name: part.points for part in self.part_grades}

    @property
    def runs(self) -> list[Run]:
        """Every run of the submission."""
        return [run for test in self.tests for run in test.outcome.runs]


def grade_tests(
    runs: Iterable[Run],
    policy: Policy = NO_SEED_MAY_FAIL,
    extra: bool = False,
    seeds: int | None = None,
) -> list[TestGrade]:
    """Grade runs of one part of one submission, test by test.

    Args:
        runs: the tests come in the order of their first run.
        policy: what earns the points.
        extra: whether the points are extra.
        seeds: how many the rubric has; None: as many as the runs have.
    """
    runs = list(runs)
    in_order = sorted(runs, key=lambda run: (run.hidden, run.seed))
    names = dict.fromkeys(run.test for run in runs)
    outcomes = {outcome.test: outcome for outcome in by_test(in_order)}
    found = [outcomes[name] for name in names]
    count = max((o.counts.total for o in found), default=0) if seeds is None else seeds
    shares = policy.shares([outcome.runs for outcome in found], count)
    return [
        TestGrade(outcome, share, policy, extra)
        for outcome, share in zip(found, shares, strict=True)
    ]


def _total(points: Iterable[float]) -> float:
    return round(fsum(points), DECIMALS)
