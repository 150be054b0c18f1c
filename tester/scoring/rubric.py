"""The rubric: which seeds are run, what each test is worth, and what earns it."""

import dataclasses
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from tester.errors import UsageError
from tester.judging.graded_test import GradedTest
from tester.scoring.grades import Grade, TestGrade, grade_tests
from tester.scoring.policy import Policy
from tester.verdict import Run


@dataclass(frozen=True)
class Seed:
    """A seed at which each test is run.

    Attributes:
        hidden: no student may see it.
    """

    number: int
    hidden: bool = False


@dataclass(frozen=True)
class Part:
    """What one part of the lab counts for.

    Attributes:
        points: what each test is worth; one that is left out is not in it.
        policy: what earns the points.
        extra: points are added to what was earned, but not to what could be.
    """

    points: dict[str, float]
    policy: Policy
    extra: bool = False


@dataclass(frozen=True)
class Rubric:
    """How submissions are graded.

    Attributes:
        parts: by name; one that is left out is not in it.
        public: the seeds that a student may know.
        hidden: those that a student may not.
    """

    parts: dict[str, Part]
    public: range
    hidden: tuple[int, ...] = ()

    @property
    def digest(self) -> str:
        """Equal for rubrics that give the same points, at whatever seeds."""
        return hashlib.blake2b(repr(self.parts).encode(), digest_size=16).hexdigest()

    def seeds(self) -> list[Seed]:
        """Return the seeds at which each test is run, the public ones first."""
        return [
            *[Seed(number) for number in self.public],
            *[Seed(number, hidden=True) for number in self.hidden],
        ]

    def tests(self, tests: Iterable[GradedTest]) -> list[GradedTest]:
        """Return those of the tests that count, with what they are worth.

        Raises:
            UsageError: none is left.
        """
        found = [
            dataclasses.replace(test, points=self.parts[test.part].points[test.name])
            for test in tests
            if self._counts(test.part, test.name)
        ]
        if not found:
            raise UsageError("the rubric leaves out every test that was asked for")
        return found

    def grade(
        self, submission: str, path: str, runs: Iterable[Run], load_error: str = ""
    ) -> Grade:
        """Grade one submission by its runs.

        Args:
            runs: in the suite's order; what they say of points and of hidden seeds
                is replaced by what this rubric says.
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
            tests += grade_tests(found, part.policy, part.extra, seeds)
        return Grade(submission, path, tests, load_error)

    def _counts(self, part: str, test: str) -> bool:
        return part in self.parts and test in self.parts[part].points


def hidden_seeds(secret: bytes, count: int) -> tuple[int, ...]:
    """Return seeds that only those who have the secret can tell.

    The same secret always gives the same seeds, and more of them begin alike. They
    are numbers of 63 bits, so that they neither meet each other nor a public seed.
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
