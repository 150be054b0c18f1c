"""The points that each test, part and submission has earned."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import fsum

from tester.outcome import TestOutcome, by_test
from tester.scoring.policy import Policy
from tester.scoring.safety import Breach, cap_words, capped, safety_record
from tester.verdict import Run

# Points are rounded to this many decimals, so that sums are what one expects.
DECIMALS = 9
NO_SEED_MAY_FAIL = Policy()


@dataclass(frozen=True)
class TestGrade:
    """The points of one test of one submission.

    Attributes:
        outcome: its runs by seed; public seeds, which anybody can replay, come first.
        share: the share of its points that it earned.
        policy: how the share was computed.
        extra: its points are added, but are not among those that can be earned.
        safety_cap: the share of its part's points that is left at most, if a run of
            the part breaks a safety property; None for all.
    """

    __test__ = False  # Not a test class, though pytest would think so.

    outcome: TestOutcome
    share: float
    policy: Policy
    extra: bool = False
    safety_cap: float | None = None

    @property
    def points(self) -> float:
        """The points that the test has earned, whatever its part is limited to."""
        return round(self.share * self.points_max, DECIMALS)

    @property
    def points_max(self) -> float:
        """The points that it could earn: none if no run came to a verdict."""
        return self.outcome.runs[0].points if self.outcome.counts.judged else 0


@dataclass(frozen=True)
class PartGrade:
    """The points of one part of one submission.

    Attributes:
        tests: at least one; all have the part's policy.
    """

    name: str
    tests: list[TestGrade]

    @property
    def points(self) -> float:
        """The sum of the tests' points, or what the safety cap leaves of it."""
        earned = _total(test.share * test.points_max for test in self.tests)
        cap = self.tests[0].safety_cap
        return capped(earned, self.points_max, cap, self.safety_record)

    @property
    def points_max(self) -> float:
        """The points that the part could earn, extra or not."""
        return _total(test.points_max for test in self.tests)

    @property
    def extra(self) -> bool:
        """Whether its points are added, but are not among those that can be earned."""
        return self.tests[0].extra

    @property
    def policy(self) -> str:
        """How its points are earned, in words."""
        words = [self.tests[0].policy.words, cap_words(self.tests[0].safety_cap)]
        return "; ".join(filter(None, words))

    @property
    def safety_record(self) -> list[Breach]:
        """The properties that its runs broke."""
        return safety_record(run for test in self.tests for run in test.outcome.runs)


@dataclass(frozen=True)
class Grade:
    """The points of one submission.

    Attributes:
        path: where the submission lies.
        load_error: why it does not load, "" if it does.
        digest: equal for submissions with the same files, "" if it is not known.
        same_as: the submission with the same files whose runs count for this one,
            "" for none.
        inside: its place in the student's repository, "." if it is all of that.
        safety_cap: the share of the points that is left at most, if any run breaks a
            safety property; None for all.
    """

    submission: str
    path: str
    tests: list[TestGrade]
    load_error: str = ""
    digest: str = ""
    same_as: str = ""
    inside: str = "."
    safety_cap: float | None = None

    @property
    def part_grades(self) -> list[PartGrade]:
        """The points of each part."""
        tests: dict[str, list[TestGrade]] = {}
        for test in self.tests:
            tests.setdefault(test.outcome.part, []).append(test)
        return [PartGrade(name, found) for name, found in tests.items()]

    @property
    def points(self) -> float:
        """The sum of the parts' points, or what the safety cap leaves of it."""
        earned = _total(part.points for part in self.part_grades)
        return capped(earned, self.points_max, self.safety_cap, self.safety_record)

    @property
    def points_max(self) -> float:
        """The points that could be earned, without the extra parts."""
        return _total(part.points_max for part in self.part_grades if not part.extra)

    @property
    def percent(self) -> float | None:
        """The earned points in per cent of those that could be earned.

        It is more than 100 with extra points. It is None, and not 0, if nothing could
        be earned, because no run came to a verdict or all points are extra.
        """
        return 100 * self.points / self.points_max if self.points_max else None

    @property
    def only_extra(self) -> bool:
        """Whether all points that could be earned are extra."""
        return not self.points_max and any(p.points_max for p in self.part_grades)

    @property
    def earned(self) -> str:
        """The earned points, in words."""
        points = f"{round(self.points, 2):g}"
        if self.only_extra:
            return f"{points} extra points"
        return f"{points} of {round(self.points_max, 2):g} points"

    @property
    def parts(self) -> dict[str, float]:
        """The points earned in each part."""
        return {part.name: part.points for part in self.part_grades}

    @property
    def safety_record(self) -> list[Breach]:
        """The properties that any run broke, each with the first run that shows it."""
        return [] if self.load_error else safety_record(self.runs)

    @property
    def load_result(self) -> Run | None:
        """The code, reason and evidence of why it does not load, None if it does."""
        return self.runs[0] if self.load_error and self.runs else None

    @property
    def runs(self) -> list[Run]:
        """Every run of the submission."""
        return [run for test in self.tests for run in test.outcome.runs]


def grade_tests(
    runs: Iterable[Run],
    policy: Policy = NO_SEED_MAY_FAIL,
    extra: bool = False,
    seeds: int | None = None,
    safety_cap: float | None = None,
) -> list[TestGrade]:
    """Grade runs of one part of one submission, test by test.

    Args:
        runs: the tests come in the order of their first run.
        policy: what earns the points.
        extra: whether the points are extra.
        seeds: how many the rubric has; None: as many as the runs have.
        safety_cap: the share of the part's points that is left if a run breaks a
            safety property, None for all.
    """
    runs = list(runs)
    in_order = sorted(runs, key=lambda run: (run.hidden, run.seed))
    names = dict.fromkeys(run.test for run in runs)
    outcomes = {outcome.test: outcome for outcome in by_test(in_order)}
    found = [outcomes[name] for name in names]
    count = max((o.counts.total for o in found), default=0) if seeds is None else seeds
    shares = policy.shares([outcome.runs for outcome in found], count)
    return [
        TestGrade(outcome, share, policy, extra, safety_cap)
        for outcome, share in zip(found, shares, strict=True)
    ]


def _total(points: Iterable[float]) -> float:
    return round(fsum(points), DECIMALS)
