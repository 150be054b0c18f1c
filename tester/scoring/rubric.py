"""The rubric: the seeds, the points of each test, and the policies that earn them."""

import dataclasses
import functools
import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from tester.errors import UsageError
from tester.judging.graded_test import GradedTest
from tester.scoring.confidence import Confidence, is_clear
from tester.scoring.grades import Grade, TestGrade, grade_tests
from tester.scoring.measure_points import MeasureRule
from tester.scoring.policy import Policy
from tester.verdict import Run


@dataclass(frozen=True)
class Seed:
    """A seed at which each test is run.

    Attributes:
        hidden: whether it is a secret from students.
    """

    number: int
    hidden: bool = False


@dataclass(frozen=True)
class Part:
    """The points of one part of the lab.

    Attributes:
        points: the points of each test, without the tests that are left out.
        policy: how the points are earned.
        extra: the points are added, but are not among those that can be earned.
        safety_cap: the share of the points that is left at most, if a run of the part
            breaks a safety property; None for all.
        states: how many states its searches find; None for what the tests say.
    """

    points: dict[str, float]
    policy: Policy
    extra: bool = False
    safety_cap: float | None = None
    states: int | None = None


class Rules(msgspec.Struct, frozen=True):
    """The points, policies and caps of a rubric, as plain values for files.

    Attributes:
        parts: by name, without the parts that are left out.
        safety_cap: the share of all points that is left at most, if any run breaks a
            safety property; None for all.
        about: what an instructor's own parts and tests are about, by name.
        confidence: when a test is stopped, None for never.
    """

    parts: dict[str, Part]
    safety_cap: float | None = None
    about: dict[str, str] = {}
    confidence: Confidence | None = None

    def rubric(self, public: range, hidden: Iterable[int]) -> "Rubric":
        """Return the rubric with these rules and seeds."""
        return Rubric(
            self.parts,
            public,
            tuple(hidden),
            self.safety_cap,
            about=self.about,
            confidence=self.confidence,
        )


@dataclass(frozen=True)
class Rubric:
    """The rules by which submissions are graded.

    Attributes:
        parts: by name, without the parts that are left out.
        public: the seeds that students may know.
        hidden: the seeds that students may not know.
        safety_cap: the share of all points that is left at most, if any run breaks a
            safety property; None for all.
        measure: what figures of `measure` earn, by name; grading does not know them.
        about: what an instructor's own parts and tests are about, by name.
        confidence: when a test is stopped, None for never.
    """

    parts: dict[str, Part]
    public: range
    hidden: tuple[int, ...] = ()
    safety_cap: float | None = None
    measure: Mapping[str, MeasureRule] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)
    confidence: Confidence | None = None

    @property
    def rules(self) -> Rules:
        """The points, policies and caps, without the seeds."""
        return Rules(self.parts, self.safety_cap, dict(self.about), self.confidence)

    def clearness(self, test: GradedTest) -> Callable[[int, int], bool] | None:
        """Return a function that says when the other seeds of a test can be left out.

        It takes how many came to a verdict, and how many of these failed. None: all are
        needed.
        """
        if self.confidence is None:
            return None
        seeds = len(self.public) + len(self.hidden)
        policy = self.parts[test.part].policy
        return functools.partial(is_clear, policy, self.confidence, seeds)

    def seeds(self) -> list[Seed]:
        """Return the seeds at which each test is run, the public ones first."""
        return [
            *[Seed(number) for number in self.public],
            *[Seed(number, hidden=True) for number in self.hidden],
        ]

    def tests(self, tests: Iterable[GradedTest]) -> list[GradedTest]:
        """Return the tests that count, with their points.

        Raises:
            UsageError: the rubric leaves out all of them.
        """
        found = [
            self._with_points(test)
            for test in tests
            if self._counts(test.part, test.name)
        ]
        if not found:
            raise UsageError("the rubric leaves out every test that was selected")
        return found

    def _with_points(self, test: GradedTest) -> GradedTest:
        part = self.parts[test.part]
        states = test.search_states
        if states and part.states is not None:
            states = part.states
        points = part.points[test.name]
        return dataclasses.replace(test, points=points, search_states=states)

    def grade(
        self, submission: str, path: str, runs: Iterable[Run], load_error: str = ""
    ) -> Grade:
        """Grade one submission by its runs.

        Args:
            submission: its name.
            path: where it lies.
            runs: in the suite's order; this rubric replaces their points, and decides
                which seeds are hidden.
            load_error: why it does not load, "" if it does.
        """
        hidden = frozenset(self.hidden)
        by_part: dict[str, list[Run]] = {}
        for run in runs:
            if self._counts(run.part, run.test):
                points = self.parts[run.part].points[run.test]
                by_part.setdefault(run.part, []).append(
                    msgspec.structs.replace(
                        run, points=points, hidden=run.seed in hidden
                    )
                )
        seeds = len(self.public) + len(self.hidden)
        tests: list[TestGrade] = []
        for name, found in by_part.items():
            part = self.parts[name]
            tests += grade_tests(
                found,
                part.policy,
                part.extra,
                seeds,
                part.safety_cap,
                self.confidence if not load_error else None,
            )
        return Grade(
            submission,
            path,
            tests,
            load_error,
            safety_cap=self.safety_cap,
            about=self.about,
        )

    def _counts(self, part: str, test: str) -> bool:
        return part in self.parts and test in self.parts[part].points


def hidden_seeds(secret: bytes, count: int) -> tuple[int, ...]:
    """Return seeds that can be computed only with the secret.

    The same secret always gives the same seeds, and a higher count continues the same
    series. They have 63 bits, so that they collide neither with each other nor with a
    public seed.
    """
    return tuple(
        int.from_bytes(hmac.digest(secret, b"seed %d" % index, "sha256")[:8]) >> 1
        for index in range(count)
    )


def divide(total: float, weights: Sequence[float], decimals: int) -> list[float]:
    """Divide a total in proportion to weights, so that the rounded parts add up to it.

    At least one weight is above 0.
    """
    parts, so_far, weight = [], 0.0, 0.0
    for each in weights:
        weight += each
        upto = round(total * (weight / sum(weights)), decimals)
        parts.append(round(upto - so_far, decimals))
        so_far = upto
    return parts
