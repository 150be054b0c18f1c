"""The points that each test, part and submission has earned."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import fsum

from tester.outcome import TestOutcome, by_test
from tester.scoring.confidence import Confidence, Sample, sample
from tester.scoring.policy import Policy, Share
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
        share: the share of its points that it earned, at least and at most.
        policy: how the share was computed.
        extra: its points are added, but are not among those that can be earned.
        safety_cap: the share of its part's points that is left at most, if a run of
            the part breaks a safety property; None for all.
        sample: what its runs say about all seeds, None where all seeds are run.
    """

    __test__ = False  # Not a test class, though pytest would think so.

    outcome: TestOutcome
    share: Share
    policy: Policy
    extra: bool = False
    safety_cap: float | None = None
    sample: Sample | None = None

    @property
    def points(self) -> float:
        """The points that the test has earned, at least, without its part's cap."""
        return round(self.share.least * self.points_max, DECIMALS)

    @property
    def points_most(self) -> float:
        """The same if the runs without a verdict pass."""
        return round(self.share.most * self.points_max, DECIMALS)

    @property
    def points_max(self) -> float:
        """The points that it could earn."""
        return self.outcome.runs[0].points

    @property
    def earned(self) -> str:
        """The earned points of those that it could earn, in words."""
        return _earned(self.points, self.points_most, self.points_max)


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
        """The sum of the tests' points, at least, or what the safety cap leaves of it."""
        earned = _total(test.share.least * test.points_max for test in self.tests)
        # A run without a verdict may yet break a property.
        broken = bool(self.safety_record) or _any_unknown(self.tests)
        return capped(earned, self.points_max, self.tests[0].safety_cap, broken)

    @property
    def points_most(self) -> float:
        """The same if the runs without a verdict pass."""
        earned = _total(test.share.most * test.points_max for test in self.tests)
        broken = bool(self.safety_record)
        return capped(earned, self.points_max, self.tests[0].safety_cap, broken)

    @property
    def points_max(self) -> float:
        """The points that the part could earn, extra or not."""
        return _total(test.points_max for test in self.tests)

    @property
    def earned(self) -> str:
        """The earned points of those that it could earn, in words."""
        return _earned(self.points, self.points_most, self.points_max)

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
        about: what an instructor's own parts and tests are about, by name.
    """

    submission: str
    path: str
    tests: list[TestGrade]
    load_error: str = ""
    digest: str = ""
    same_as: str = ""
    inside: str = "."
    safety_cap: float | None = None
    about: Mapping[str, str] = field(default_factory=dict)

    @property
    def part_grades(self) -> list[PartGrade]:
        """The points of each part."""
        tests: dict[str, list[TestGrade]] = {}
        for test in self.tests:
            tests.setdefault(test.outcome.part, []).append(test)
        return [PartGrade(name, found) for name, found in tests.items()]

    @property
    def points(self) -> float:
        """The sum of the parts' points, at least, or what the safety cap leaves of it."""
        earned = _total(part.points for part in self.part_grades)
        broken = bool(self.safety_record) or _any_unknown(self.tests)
        return capped(earned, self.points_max, self.safety_cap, broken)

    @property
    def points_most(self) -> float:
        """The same if the runs without a verdict pass."""
        earned = _total(part.points_most for part in self.part_grades)
        return capped(
            earned, self.points_max, self.safety_cap, bool(self.safety_record)
        )

    @property
    def is_range(self) -> bool:
        """Whether runs without a verdict leave open what was earned."""
        return self.points_most > self.points

    @property
    def points_max(self) -> float:
        """The points that could be earned, without the extra parts."""
        return _total(part.points_max for part in self.part_grades if not part.extra)

    @property
    def percent(self) -> float | None:
        """The earned points, at least, in per cent of those that could be earned.

        It is more than 100 with extra points. It is None, and not 0, if there is nothing
        to compute it from: no run came to a verdict, or all points are extra.
        """
        return self._percent(self.points)

    @property
    def percent_most(self) -> float | None:
        """The same if the runs without a verdict pass."""
        return self._percent(self.points_most)

    def _percent(self, points: float) -> float | None:
        judged = any(test.outcome.counts.judged for test in self.tests)
        return 100 * points / self.points_max if judged and self.points_max else None

    @property
    def only_extra(self) -> bool:
        """Whether all points that could be earned are extra."""
        return not self.points_max and any(p.points_max for p in self.part_grades)

    @property
    def earned(self) -> str:
        """The earned points, in words."""
        points = number(self.points)
        if self.is_range:
            points = f"at least {points}, at most {number(self.points_most)}"
        if self.only_extra:
            return f"{points} extra points"
        return f"{points} of {number(self.points_max)} points"

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

    @property
    def first_not_passed(self) -> Run | None:
        """The first failed run; if none failed, the first without a verdict, if any."""
        outcomes = [test.outcome for test in self.tests]
        failed = (o.first_failure for o in outcomes if o.first_failure)
        unknown = (o.first_unknown for o in outcomes if o.first_unknown)
        return next(failed, None) or next(unknown, None)


def grade_tests(
    runs: Iterable[Run],
    policy: Policy = NO_SEED_MAY_FAIL,
    extra: bool = False,
    seeds: int | None = None,
    safety_cap: float | None = None,
    confidence: Confidence | None = None,
) -> list[TestGrade]:
    """Grade runs of one part of one submission, test by test.

    Args:
        runs: the tests come in the order of their first run.
        policy: what earns the points.
        extra: whether the points are extra.
        seeds: how many the rubric has; None: as many as the runs have.
        safety_cap: the share of the part's points that is left if a run breaks a
            safety property, None for all.
        confidence: when a test is stopped, None for never.
    """
    runs = list(runs)
    in_order = sorted(runs, key=lambda run: (run.hidden, run.seed))
    names = dict.fromkeys(run.test for run in runs)
    outcomes = {outcome.test: outcome for outcome in by_test(in_order)}
    found = [outcomes[name] for name in names]
    count = max((o.counts.total for o in found), default=0) if seeds is None else seeds
    shares = policy.shares([outcome.runs for outcome in found], count)
    return [
        TestGrade(
            outcome,
            share,
            policy,
            extra,
            safety_cap,
            _sample(confidence, outcome, count),
        )
        for outcome, share in zip(found, shares, strict=True)
    ]


def _sample(
    confidence: Confidence | None, outcome: TestOutcome, seeds: int
) -> Sample | None:
    counts = outcome.counts
    if confidence is None:
        return None
    return sample(confidence, counts.judged, counts.failed, seeds)


def _any_unknown(tests: Iterable[TestGrade]) -> bool:
    return any(test.outcome.counts.unknown for test in tests)


def number(points: float) -> str:
    """Return a number of points with at most two decimals."""
    return f"{points:.2f}".rstrip("0").rstrip(".")


def _earned(least: float, most: float, points_max: float) -> str:
    points = number(least) if most == least else f"{number(least)} to {number(most)}"
    return f"{points} of {number(points_max)}"


def _total(points: Iterable[float]) -> float:
    return round(fsum(points), DECIMALS)
