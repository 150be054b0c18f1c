"""What a class fails at every seed, and what at some."""

from tester.outcome import TestOutcome
from tester.reports.class_figures import class_figures
from tester.reports.class_report import class_html
from tester.reports.failure_rates import commonest_situation
from tester.reports.files import submission_folder
from tester.verdict import Verdict

PASSED, FAILED, UNKNOWN = Verdict.PASSED, Verdict.FAILED, Verdict.UNKNOWN


def graded(made_up, name, *verdicts, situations=()):
    runs = [
        made_up.a_run("test_x", verdict, seed, situations=list(met))
        for seed, (verdict, met) in enumerate(
            zip(verdicts, situations or [()] * len(verdicts), strict=True)
        )
    ]
    return made_up.a_grade(*runs, name=name)


def test_what_fails_at_every_seed_stands_apart_from_what_fails_at_some(made_up):
    grades = [
        graded(made_up, "always", FAILED, FAILED, UNKNOWN),
        graded(made_up, "often", FAILED, PASSED),
        graded(made_up, "rarely", PASSED, PASSED, PASSED, FAILED),
        # One run says nothing about how often.
        graded(made_up, "once", FAILED, UNKNOWN),
        graded(made_up, "never", PASSED, PASSED),
        made_up.unloaded(),
    ]
    figures = class_figures(grades, submission_folder)
    (row,) = figures.always
    assert (row.test, list(row.submissions.values())) == ("test_x", ["always"])
    assert [(rare.submission, rare.rate) for rare in figures.rare] == [
        ("rarely", 25.0),
        ("often", 50.0),
    ]
    rarely = figures.rare[0]
    assert 0 < rarely.least < 25 < rarely.most < 100
    assert rarely.reason == "term 3 has 2 leaders"
    page = made_up.Page(class_html(grades, submission_folder))
    assert "How often tests fail" in page.text
    assert "test_x: 1 submission" in page.text
    assert "25 % (" in page.text


def test_a_class_without_failures_has_no_such_section(made_up):
    grades = [graded(made_up, "never", PASSED, PASSED)]
    page = made_up.Page(class_html(grades, submission_folder))
    assert "How often tests fail" not in page.text


def test_the_situation_is_what_failing_runs_have_and_others_lack(made_up):
    grade = graded(
        made_up, "amy", PASSED, FAILED, FAILED, PASSED,
        situations=[
            ["elected-at-once"],
            ["elected-at-once", "command-lost", "term-skipped"],
            ["elected-at-once", "command-lost"],
            ["elected-at-once", "term-skipped"],
        ],
    )  # fmt: skip
    assert commonest_situation(grade.tests[0].outcome) == (
        "a command that a leader accepted is replaced (2 of 2 failing runs)"
    )
    assert commonest_situation(TestOutcome.of(grade.runs[:2])) != ""
    same = graded(
        made_up, "bob", PASSED, FAILED, situations=[["command-lost"]] * 2
    )  # fmt: skip
    assert commonest_situation(same.tests[0].outcome) == ""
