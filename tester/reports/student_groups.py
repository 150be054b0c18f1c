"""A student's failures by reason, and warnings: each reason and each warning once."""

from collections.abc import Iterable
from dataclasses import dataclass

from tester.reports.student import TestReport
from tester.text import kind_of
from tester.verdict import Verdict


@dataclass(frozen=True)
class Group:
    """Tests that share a reason or a warning, apart from its numbers.

    Attributes:
        text: the reason or the warning, as the first of the tests has it.
        tests: in the suite's order.
    """

    text: str
    tests: list[TestReport]


def failure_groups(tests: Iterable[TestReport]) -> list[Group]:
    """Return the failed tests by reason, the reason of most tests first."""
    failed = [test for test in tests if test.verdict is Verdict.FAILED]
    groups = _grouped((test.reason, test) for test in failed)
    return sorted(groups, key=lambda group: -len(group.tests))


def warning_groups(tests: Iterable[TestReport]) -> list[Group]:
    """Return the warnings, each with its tests."""
    return _grouped((warning, test) for test in tests for warning in test.warnings)


def _grouped(texts: Iterable[tuple[str, TestReport]]) -> list[Group]:
    groups: dict[str, Group] = {}
    for text, test in texts:
        groups.setdefault(kind_of(text), Group(text, [])).tests.append(test)
    return list(groups.values())
