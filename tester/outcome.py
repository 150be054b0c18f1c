"""The outcome of one test over its seeds: counts, failure rate, first failure, reasons.

Grading adds points to it, a pytest session adds up as many runs as the time allows, and
reports show it. Runs without a verdict count for nothing, neither way.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import sqrt

from tester.text import kind_of, one_line
from tester.verdict import Run, Verdict

# The normal quantile of a two-sided 95 % interval.
_Z = 1.96


@dataclass
class VerdictCounts:
    """How many runs ended in each verdict."""

    passed: int = 0
    failed: int = 0
    unknown: int = 0

    @classmethod
    def of(cls, verdicts: Iterable[Verdict]) -> "VerdictCounts":
        """Count verdicts."""
        counts = cls()
        for verdict in verdicts:
            counts.add(verdict)
        return counts

    def add(self, verdict: Verdict) -> None:
        """Count one more verdict."""
        setattr(self, verdict.value, getattr(self, verdict.value) + 1)

    @property
    def total(self) -> int:
        """The number of runs."""
        return self.passed + self.failed + self.unknown

    @property
    def judged(self) -> int:
        """The number of runs that came to a verdict."""
        return self.passed + self.failed

    @property
    def verdict(self) -> Verdict:
        """The verdict of all runs together: failed if one failed, passed if all passed."""
        if self.failed:
            return Verdict.FAILED
        return Verdict.UNKNOWN if self.unknown or not self.passed else Verdict.PASSED

    @property
    def failure_rate(self) -> float:
        """The share of the judged runs that failed, 0 if there are none."""
        return self.failed / self.judged if self.judged else 0.0

    @property
    def failure_interval_95(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the failure rate.

        Unlike the textbook's, it is sensible at no failure in many runs.
        """
        if not self.judged:
            return 0.0, 1.0
        runs, rate = self.judged, self.failure_rate
        centre = rate + _Z**2 / (2 * runs)
        spread = _Z * sqrt(rate * (1 - rate) / runs + _Z**2 / (4 * runs**2))
        scale = 1 + _Z**2 / runs
        return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


@dataclass
class TestOutcome:
    """One test of one submission over its seeds.

    Attributes:
        runs: those that are kept: in a pytest session, only those that did not pass.
        counts: the verdicts of all runs, kept or not.
        cpu_s: CPU seconds of all runs.
    """

    __test__ = False  # Not a test class, though pytest would think so.

    part: str
    test: str
    runs: list[Run] = field(default_factory=list)
    counts: VerdictCounts = field(default_factory=VerdictCounts)
    cpu_s: float = 0.0

    @classmethod
    def of(cls, runs: list[Run]) -> "TestOutcome":
        """Return the outcome of one or more runs of one test."""
        outcome = cls(runs[0].part, runs[0].test)
        for run in runs:
            outcome.add(run)
        return outcome

    def add(self, run: Run, keep: bool = True) -> None:
        """Add a run; only its verdict and its time if it is not kept."""
        self.counts.add(run.verdict)
        self.cpu_s += run.cpu_s
        if keep:
            self.runs.append(run)

    @property
    def verdict(self) -> Verdict:
        """The verdict of the test as a whole."""
        return self.counts.verdict

    @property
    def failures(self) -> list[Run]:
        """The failed runs."""
        return [run for run in self.runs if run.verdict is Verdict.FAILED]

    @property
    def first_failure(self) -> Run | None:
        """The first failed run, None if none failed."""
        return next(iter(self.failures), None)

    @property
    def first_unknown(self) -> Run | None:
        """The first run without a verdict, None if there is none."""
        unknown = (run for run in self.runs if run.verdict is Verdict.UNKNOWN)
        return next(unknown, None)

    @property
    def commonest_reason(self) -> str:
        """The reason that most failures have, in one line; "" if there are none."""
        kinds = by_kind(self.failures).values()
        return one_line(max(kinds, key=len)[0].reason) if kinds else ""

    def reasons(self) -> list[tuple[Run, int]]:
        """Return the first run of each kind of reason, and how often it came up."""
        bad = [run for run in self.runs if not run.passed]
        kinds = by_kind(sorted(bad, key=lambda run: run.seed)).values()
        by_count = sorted(kinds, key=len, reverse=True)
        return [(runs[0], len(runs)) for runs in by_count]


def by_test(runs: Iterable[Run]) -> list[TestOutcome]:
    """Return the outcome of each test, in the order of their first runs."""
    tests: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        tests.setdefault((run.part, run.test), []).append(run)
    return [TestOutcome.of(found) for found in tests.values()]


def by_kind(runs: Iterable[Run]) -> dict[str, list[Run]]:
    """Return the runs by their reason without its numbers, in the order given."""
    kinds: dict[str, list[Run]] = {}
    for run in runs:
        kinds.setdefault(kind_of(one_line(run.reason)), []).append(run)
    return kinds
