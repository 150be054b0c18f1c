"""The figures of a class."""

import pytest

from tester.outcome import VerdictCounts
from tester.reports.class_figures import class_figures
from tester.reports.files import submission_folder
from tester.verdict import Verdict


def test_the_class_in_figures(made_up):
    all_passed = made_up.a_grade(
        made_up.a_run(verdict=Verdict.PASSED), name="carol", digest="d"
    )
    broken = made_up.a_run(reason="no class Raft", seed=0)
    grades = [
        made_up.mixed("alice"),
        made_up.mixed("bob"),
        all_passed,
        made_up.a_grade(broken, name="dave", load_error="no class Raft", digest="d"),
    ]
    figures = class_figures(grades, submission_folder)
    assert [row.percent for row in figures.submissions] == [
        *[pytest.approx(100 * 6 / 23)] * 2,
        100,
        0,
    ]
    assert (figures.mean, figures.median) == (
        pytest.approx(25 + 300 / 23),
        pytest.approx(600 / 23),
    )
    assert [bar.count for bar in figures.bars] == [1, 0, 2, 0, 0, 0, 0, 0, 0, 1]
    assert [row.name for row in figures.not_loaded] == ["dave"]
    assert [row.name for row in figures.with_unknown] == ["alice", "bob"]
    assert [[row.name for row in group] for group in figures.identical] == [
        ["carol", "dave"]
    ]
    # Who does not load says nothing of a test.
    tests = {test.outcome.test: test for test in figures.tests}
    first = tests["test_initial_election"]
    second = tests["test_re_election"]
    assert (first.passed, first.judged) == (3, 3)
    assert first.outcome.counts == VerdictCounts(passed=5)
    assert (second.passed, second.judged) == (0, 2)
    assert second.outcome.counts == VerdictCounts(passed=2, failed=2)
    assert second.reason == "term 1 has 2 leaders"
    assert tests["test_basic_agreement"].judged == 0
    # One reason, whatever the term; hidden seeds are no secret to an instructor.
    reason, not_loading = figures.reasons
    assert figures.load_errors == [not_loading]
    assert (not_loading.example, not_loading.tests) == ("no class Raft", {})
    assert list(not_loading.submissions.values()) == ["dave"]
    assert list(reason.submissions.values()) == ["alice", "bob"]
    assert reason.tests == {"test_re_election": 2, "test_many_elections": 2}


def test_more_than_full_marks_are_full_marks_in_the_chart(made_up):
    figures = class_figures([made_up.mixed()], submission_folder)
    assert sum(bar.count for bar in figures.bars) == 1
