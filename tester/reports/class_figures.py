"""The figures of a class report."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import mean, median

from tester.outcome import TestOutcome, VerdictCounts, by_kind
from tester.reports.class_matrix import Matrix, class_matrix, is_waiting
from tester.reports.failure_rates import (
    AlwaysFailing,
    RareFailure,
    always_failing,
    rare_failures,
)
from tester.reports.parts import part_names, part_points
from tester.reports.redaction import without_paths
from tester.reports.suite_descriptions import about_test
from tester.scoring.grades import Grade
from tester.situations.report import situation_lines
from tester.text import kind_of, one_line
from tester.verdict import Verdict

BINS = 10
REASONS_SHOWN = 25


@dataclass(frozen=True)
class SubmissionRow:
    """One submission, with a link to its own report.

    Attributes:
        unknown: how many runs came to no verdict; those still to come are not counted.
        waiting: how many runs are still to come.
        safety: the codes of the safety properties that it broke.
    """

    name: str
    href: str
    points: float
    points_most: float
    points_max: float
    percent: float | None
    parts: list[float]
    failed: int
    unknown: int
    waiting: int
    load_error: str
    safety: list[str]


@dataclass(frozen=True)
class ClassTest:
    """One test, over the submissions that load.

    Attributes:
        outcome: all their runs of it.
        about: what the test is about, "" if the suite does not say.
        passed: how many submissions passed it at every seed.
        judged: for how many it came to a verdict.
        reason: the commonest reason of the failures, "" if there is none.
    """

    outcome: TestOutcome
    about: str
    passed: int
    judged: int
    reason: str

    @property
    def percent(self) -> float:
        """The submissions that passed, in per cent."""
        return 100 * self.passed / self.judged if self.judged else 0.0


@dataclass
class ReasonRow:
    """Reasons that differ in numbers only.

    Attributes:
        example: the first of them.
        tests: the number of runs that failed for it, by test; none if it is why
            submissions do not load.
        submissions: the names of the submissions, by the links to their reports.
    """

    example: str
    tests: Counter[str] = field(default_factory=Counter)
    submissions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Bar:
    """The number of submissions with a grade from `low` to `high` per cent."""

    low: int
    high: int
    count: int


@dataclass(frozen=True)
class ClassFigures:
    """All figures of a class.

    Attributes:
        identical: groups of submissions with the same files.
        reasons: those of failures and load errors, the commonest only.
        load_errors: the reasons of the submissions that do not load.
        unknown_reasons: the reasons of runs without a verdict, each with its number.
        runs: the number of runs that were made.
        matrix: who fails what.
        always: the tests that submissions fail at every seed.
        rare: the tests that submissions fail at some seeds only.
        situations: how many situations the class has met, and the run that meets each;
            empty if that was not asked for.
    """

    parts: list[str]
    submissions: list[SubmissionRow]
    tests: list[ClassTest]
    reasons: list[ReasonRow]
    load_errors: list[ReasonRow]
    bars: list[Bar]
    identical: list[list[SubmissionRow]]
    unknown_reasons: list[tuple[str, int]]
    runs: int
    matrix: Matrix
    always: list[AlwaysFailing]
    rare: list[RareFailure]
    situations: list[str]

    @property
    def percents(self) -> list[float]:
        """The complete grades in per cent, where there was something to earn."""
        return _percents(self.submissions)

    @property
    def waiting(self) -> int:
        """The number of runs that are still to come."""
        return sum(row.waiting for row in self.submissions)

    @property
    def shared_reasons(self) -> list[ReasonRow]:
        """The reasons that several submissions have."""
        return [row for row in self.reasons if len(row.submissions) > 1]

    @property
    def single_reasons(self) -> list[ReasonRow]:
        """The reasons that one submission has."""
        return [row for row in self.reasons if len(row.submissions) == 1]

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
    def unsafe(self) -> list[SubmissionRow]:
        """The submissions that broke a safety property."""
        return [row for row in self.submissions if row.safety]

    @property
    def with_unknown(self) -> list[SubmissionRow]:
        """The submissions with a run that came to no verdict."""
        return [row for row in self.submissions if row.unknown]


def class_figures(grades: list[Grade], folder_of: Callable[[str], str]) -> ClassFigures:
    """Return the figures of a class.

    Args:
        grades: one per submission.
        folder_of: returns the folder of a submission's own files.
    """
    parts = part_names(grades)
    rows = {grade.submission: _row(grade, parts, folder_of) for grade in grades}
    all_runs = [run for grade in grades for run in grade.runs]
    runs = [run for run in all_runs if not is_waiting(run)]
    unknown = by_kind(run for run in runs if run.verdict is Verdict.UNKNOWN).values()
    hrefs = {name: row.href for name, row in rows.items()}
    loaded = [grade for grade in grades if not grade.load_error]
    return ClassFigures(
        parts=parts,
        submissions=list(rows.values()),
        tests=_tests(loaded),
        reasons=_reasons(grades, rows),
        load_errors=_load_errors(grades, rows),
        bars=_bars(_percents(rows.values())),
        identical=_identical(grades, rows),
        unknown_reasons=sorted(
            [(one_line(found[0].reason), len(found)) for found in unknown],
            key=lambda reason: -reason[1],
        )[:REASONS_SHOWN],
        runs=len(runs),
        matrix=class_matrix(grades, hrefs),
        always=always_failing(loaded, hrefs),
        rare=rare_failures(loaded, hrefs),
        situations=situation_lines(runs),
    )


def _percents(rows: Iterable[SubmissionRow]) -> list[float]:
    return [row.percent for row in rows if row.percent is not None and not row.waiting]


def _row(
    grade: Grade, parts: list[str], folder_of: Callable[[str], str]
) -> SubmissionRow:
    outcomes = [test.outcome for test in grade.tests]
    counts = VerdictCounts.of(outcome.verdict for outcome in outcomes)
    waiting = sum(is_waiting(run) for run in grade.runs)
    unknown = sum(outcome.counts.unknown for outcome in outcomes)
    return SubmissionRow(
        name=one_line(grade.submission),
        href=f"{folder_of(grade.submission)}/report.html",
        points=grade.points,
        points_most=grade.points_most,
        points_max=grade.points_max,
        percent=grade.percent,
        parts=part_points(grade, parts),
        failed=counts.failed,
        unknown=unknown - waiting,
        waiting=waiting,
        safety=[breach.code.name for breach in grade.safety_record],
        load_error=one_line(without_paths(grade.load_error, grade)),
    )


def _tests(grades: list[Grade]) -> list[ClassTest]:
    """Return the tests in the suite's order."""
    found: dict[tuple[str, str], list[TestOutcome]] = {}
    for grade in grades:
        for test in grade.tests:
            outcome = test.outcome
            found.setdefault((outcome.part, outcome.test), []).append(outcome)
    return [
        _class_test(outcomes, about_test(grades[0], name))
        for (_, name), outcomes in found.items()
    ]


def _class_test(outcomes: list[TestOutcome], about: str) -> ClassTest:
    whole = TestOutcome.of([run for outcome in outcomes for run in outcome.runs])
    verdicts = VerdictCounts.of(outcome.verdict for outcome in outcomes)
    return ClassTest(
        outcome=whole,
        about=about,
        passed=verdicts.passed,
        judged=verdicts.judged,
        reason=whole.commonest_reason,
    )


def _reasons(grades: list[Grade], rows: dict[str, SubmissionRow]) -> list[ReasonRow]:
    """Return the kinds of reasons, those that most submissions share first."""
    runs = [run for grade in grades if not grade.load_error for run in grade.runs]
    found = _load_errors(grades, rows)
    failures = [run for run in runs if run.verdict is Verdict.FAILED]
    for failed in by_kind(failures).values():
        row = ReasonRow(one_line(failed[0].reason))
        for run in failed:
            row.tests[run.test] += 1
            whose = rows[run.submission]
            row.submissions[whose.href] = whose.name
        found.append(row)
    found.sort(key=lambda row: (-len(row.submissions), -row.tests.total()))
    return found[:REASONS_SHOWN]


def _load_errors(
    grades: list[Grade], rows: dict[str, SubmissionRow]
) -> list[ReasonRow]:
    """Return the kinds of load errors, those that most submissions share first."""
    kinds: dict[str, ReasonRow] = {}
    for grade in grades:
        whose = rows[grade.submission]
        if error := whose.load_error:
            row = kinds.setdefault(kind_of(error), ReasonRow(error))
            row.submissions[whose.href] = whose.name
    return sorted(kinds.values(), key=lambda row: -len(row.submissions))


def _bars(percents: list[float]) -> list[Bar]:
    """Return the number of grades in each tenth; the last has full marks and more."""
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
