"""Failures at every seed, and failures at some: two kinds of bugs of a class.

What fails at every seed is found at once. What fails at a few seeds is a race, which its
student may never have seen: its rate says how hard it is to find, and the situation that
its failing runs have in common, where to look.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tester.outcome import TestOutcome
from tester.scoring.grades import Grade, TestGrade
from tester.situations.catalogue import situations_of
from tester.text import one_line
from tester.verdict import Run

RARE_SHOWN = 100


@dataclass(frozen=True)
class AlwaysFailing:
    """A test that submissions fail at every seed.

    Attributes:
        submissions: their names, by the links to their reports.
    """

    test: str
    submissions: dict[str, str]


@dataclass(frozen=True)
class RareFailure:
    """A test that a submission fails at some seeds, and passes at others.

    Attributes:
        href: the link to the submission's report.
        failed, judged: how many runs failed, of how many with a verdict.
        least, most: the share of all seeds that fail, in per cent: with the rubric's
            confidence, or Wilson's interval with one of 95 %.
        situation: what is commoner in its failing runs than in those that pass, and in
            how many of them it came up; "" if that was not noted.
        reason: the commonest.
    """

    test: str
    submission: str
    href: str
    failed: int
    judged: int
    least: float
    most: float
    situation: str
    reason: str

    @property
    def rate(self) -> float:
        """The share of the runs that failed, in per cent."""
        return 100 * self.failed / self.judged


def always_failing(
    grades: Iterable[Grade], hrefs: Mapping[str, str]
) -> list[AlwaysFailing]:
    """Return the tests that submissions fail at every seed, by two or more runs."""
    found: dict[str, dict[str, str]] = {}
    for grade in grades:
        for test in grade.tests:
            counts = test.outcome.counts
            if counts.failed == counts.judged > 1:
                names = found.setdefault(test.outcome.test, {})
                names[hrefs[grade.submission]] = one_line(grade.submission)
    by_count = sorted(found.items(), key=lambda item: -len(item[1]))
    return [AlwaysFailing(test, names) for test, names in by_count]


def rare_failures(
    grades: Iterable[Grade], hrefs: Mapping[str, str]
) -> list[RareFailure]:
    """Return the tests that submissions fail at some seeds, the rarest failures first."""
    found = [
        _rare_failure(grade, test, hrefs[grade.submission])
        for grade in grades
        for test in grade.tests
        if 0 < test.outcome.counts.failed < test.outcome.counts.judged
    ]
    return sorted(found, key=lambda failure: failure.rate)[:RARE_SHOWN]


def _rare_failure(grade: Grade, test: TestGrade, href: str) -> RareFailure:
    outcome = test.outcome
    least, most = _interval(test)
    return RareFailure(
        test=outcome.test,
        submission=one_line(grade.submission),
        href=href,
        failed=outcome.counts.failed,
        judged=outcome.counts.judged,
        least=100 * least,
        most=100 * most,
        situation=commonest_situation(outcome),
        reason=outcome.commonest_reason,
    )


def _interval(test: TestGrade) -> tuple[float, float]:
    if test.sample is None:
        return test.outcome.counts.failure_interval_95
    least, most = test.sample.passing
    return 1 - most, 1 - least


def commonest_situation(outcome: TestOutcome) -> str:
    """Return the situation by which failing runs differ most from those that pass."""
    failed, passed = outcome.failures, [run for run in outcome.runs if run.passed]
    in_failed, in_passed = _counted(failed), _counted(passed)

    def lead(name: str) -> float:
        # What came up in every run, failing or not, explains nothing.
        return in_failed[name] / len(failed) - in_passed[name] / max(len(passed), 1)

    known = situations_of(in_failed)
    names = [name for name in known if in_failed[name] and lead(name) > 0]
    if not names:
        return ""
    name = max(names, key=lead)
    return f"{known[name]} ({in_failed[name]} of {len(failed)} failing runs)"


def _counted(runs: Iterable[Run]) -> Counter[str]:
    return Counter(name for run in runs for name in run.situations)
