"""What a class has done, in figures: for the class report."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import mean, median

from tester.reports.suite_words import suite_words
from tester.scoring.grades import Grade, TestGrade
from tester.text import kind_of, one_line
from tester.verdict import Run, Verdict

BINS = 10
REASONS_SHOWN = 25


@dataclass(frozen=True)
class SubmissionRow:
    """One submission, and where its own report lies."""

    name: str
    href: str
    points: float
    points_max: float
    percent: float | None
    parts: list[float]
    failed: int
    unknown: int
    load_error: str


@dataclass(frozen=True)
class TestRow:
    """One test, over the submissions that load and for which it came to a verdict.

    Attributes:
        passed: how many of them passed it at every seed.
        runs_passed: how many of their `runs` passed.
        reason: the commonest of its reasons, "" if nobody failed.
    """

    __test__ = False  # Not a test class, though pytest would think so.

    part: str
    name: str
    about: str
    passed: int
    judged: int
    runs_passed: int
    runs: int
    reason: str

    @property
    def percent(self) -> float:
        """How many passed, in per cent."""
        return 100 * self.passed / self.judged if self.judged else 0.0


@dataclass
class ReasonRow:
    """One kind of reason: reasons that differ in numbers only.

    Attributes:
        example: one of them as it was.
        tests: how many runs of which test ended with it.
        submissions: their names, by where their reports lie.
    """

    example: str
    tests: Counter[str] = field(default_factory=Counter)
    submissions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Bar:
    """How many submissions have a grade from `low` to `high` per cent."""

    low: int
    high: int
    count: int


@dataclass(frozen=True)
class ClassFigures:
    """All of it.

    Attributes:
        identical: names of submissions that are the same, by group.
        unknown_reasons: why runs came to no verdict, and how many for that.
    """

    parts: list[str]
    submissions: list[SubmissionRow]
    tests: list[TestRow]
    reasons: list[ReasonRow]
    bars: list[Bar]
    identical: list[list[SubmissionRow]]
    unknown_reasons: list[tuple[str, int]]
    runs: int

    @property
    def percents(self) -> list[float]:
        """The grades in per cent, of those who could earn anything."""
        return [row.percent for row in self.submissions if row.percent is not None]

    @property
    def mean(self) -> float | None:
        """The mean grade in per cent, None if there is no grade."""
        return mean(self.percents) if self.percents else None

    @property
    def median(self) -> float | None:
        """The median grade in per cent, None if there is no grade."""
        return median(self.percents) if self.percents else None

    @property
    def not_loaded(self) -> list[SubmissionRow]:
        """The submissions that do not load."""
        return [row for row in self.submissions if row.load_error]

    @property
    def with_unknown(self) -> list[SubmissionRow]:
        """The submissions of which some run came to no verdict."""
        return [row for row in self.submissions if row.unknown]


def class_figures(grades: list[Grade], folder_of: Callable[[str], str]) -> ClassFigures:
    """Return the figures of a class.

    Args:
        grades: one per submission.
        folder_of: where a submission's own files lie, by its name.
    """
    parts = sorted({part for grade in grades for part in grade.parts})
    rows = {grade.submission: _row(grade, parts, folder_of) for grade in grades}
    runs = [run for grade in grades for run in grade.runs]
    unknown = _by_kind(runs, Verdict.UNKNOWN).values()
    return ClassFigures(
        parts=parts,
        submissions=list(rows.values()),
        tests=_tests([grade for grade in grades if not grade.load_error]),
        reasons=_reasons(grades, rows),
        bars=_bars([g.percent for g in grades if g.percent is not None]),
        identical=_identical(grades, rows),
        unknown_reasons=sorted(
            [(one_line(found[0].reason), len(found)) for found in unknown],
            key=lambda reason: -reason[1],
        )[:REASONS_SHOWN],
        runs=len(runs),
    )


def _row(
    grade: Grade, parts: list[str], folder_of: Callable[[str], str]
) -> SubmissionRow:
    return SubmissionRow(
        name=one_line(grade.submission),
        href=f"{folder_of(grade.submission)}/report.html",
        points=grade.points,
        points_max=grade.points_max,
        percent=grade.percent,
        parts=[grade.parts.get(part, 0) for part in parts],
        failed=sum(test.failure is not None for test in grade.tests),
        unknown=sum(test.unknown for test in grade.tests),
        load_error=one_line(grade.load_error),
    )


def _tests(grades: list[Grade]) -> list[TestRow]:
    """Return a row per test, in the suite's order."""
    found: dict[tuple[str, str], list[TestGrade]] = {}
    for grade in grades:
        for test in grade.tests:
            found.setdefault((test.first.part, test.first.test), []).append(test)
    return [_test_row(tests) for tests in found.values()]


def _test_row(tests: list[TestGrade]) -> TestRow:
    runs = [run for test in tests for run in test.runs]
    judged = [run for run in runs if run.verdict is not Verdict.UNKNOWN]
    reasons = _by_kind(runs, Verdict.FAILED)
    commonest = max(reasons.values(), key=len)[0].reason if reasons else ""
    name = tests[0].first.test
    return TestRow(
        part=tests[0].first.part,
        name=name,
        about=suite_words().tests.get(name, ""),
        passed=sum(test.graded and test.failure is None for test in tests),
        judged=sum(test.graded for test in tests),
        runs_passed=sum(run.passed for run in judged),
        runs=len(judged),
        reason=one_line(commonest),
    )


def _by_kind(runs: Iterable[Run], verdict: Verdict) -> dict[str, list[Run]]:
    """Return the runs that came to a verdict, by their kind of reason."""
    kinds: dict[str, list[Run]] = {}
    for run in runs:
        if run.verdict is verdict:
            kinds.setdefault(kind_of(one_line(run.reason)), []).append(run)
    return kinds


def _reasons(grades: list[Grade], rows: dict[str, SubmissionRow]) -> list[ReasonRow]:
    """Return the kinds of reasons, those of most submissions first."""
    runs = [run for grade in grades if not grade.load_error for run in grade.runs]
    found = []
    for failed in _by_kind(runs, Verdict.FAILED).values():
        row = ReasonRow(one_line(failed[0].reason))
        for run in failed:
            row.tests[run.test] += 1
            whose = rows[run.submission]
            row.submissions[whose.href] = whose.name
        found.append(row)
    found.sort(key=lambda row: (-len(row.submissions), -row.tests.total()))
    return found[:REASONS_SHOWN]


def _bars(percents: list[float]) -> list[Bar]:
    """Return how many grades fall into each tenth; full marks, and more, are in the last."""
    width = 100 // BINS
    counts = Counter(min(int(percent // width), BINS - 1) for percent in percents)
    return [Bar(n * width, (n + 1) * width, counts[n]) for n in range(BINS)]


def _identical(
    grades: list[Grade], rows: dict[str, SubmissionRow]
) -> list[list[SubmissionRow]]:
    groups: dict[str, list[SubmissionRow]] = {}
    for grade in grades:
        if grade.digest:
            groups.setdefault(grade.digest, []).append(rows[grade.submission])
    return [group for group in groups.values() if len(group) > 1]
