"""Every report says which safety properties a submission broke, and shows no hidden seed."""

import csv
import io
import json

import pytest
from rich.console import Console

from tester.reports.class_report import class_html
from tester.reports.grades_csv import grades_csv
from tester.reports.gradescope import gradescope_json
from tester.reports.results import results_json
from tester.reports.student_report import student_html, student_markdown
from tester.reports.terminal import print_grades

BROKEN = "Election Safety (Figure 3): two-leaders, first in test_re_election at seed 1"
CAP = (
    "The rubric leaves at most 50 % of the points if any run breaks a safety property."
)


def a_grade(made_up, *more, **fields):
    return made_up.a_grade(
        made_up.a_run("test_initial_election", made_up.PASSED),
        made_up.a_run("test_re_election", seed=1),
        *more,
        **fields,
    )


@pytest.mark.parametrize("report", [student_html, student_markdown, gradescope_json])
def test_a_student_reads_it_above_all_tests(made_up, report):
    text = report(a_grade(made_up, safety_cap=0.5)).decode().replace("\\", "")
    assert 0 < text.index(BROKEN) < text.index("2A", text.index(BROKEN))
    assert CAP in text
    assert CAP not in report(a_grade(made_up)).decode()


@pytest.mark.parametrize("report", [student_html, student_markdown, gradescope_json])
def test_a_hidden_seed_is_not_named(made_up, report):
    grade = made_up.a_grade(made_up.a_run(seed=made_up.HIDDEN_SEED, hidden=True))
    text = report(grade).decode().replace("\\", "")
    assert "two-leaders, first in test_initial_election at a hidden seed" in text
    assert str(made_up.HIDDEN_SEED) not in text


@pytest.mark.parametrize("report", [student_html, student_markdown])
def test_a_student_reads_that_nothing_was_broken(made_up, report):
    kept = made_up.a_grade(made_up.a_run(code="no-leader"))
    assert b"No run broke a safety property of the paper." in report(kept)
    loads_not = made_up.a_grade(made_up.a_run(code="no-program"), load_error="none")
    assert b"safety property" not in report(loads_not)


def test_the_staff_sees_it_in_every_table(made_up):
    bad = a_grade(
        made_up, made_up.a_run("test_churn", code="term-fell", part="2C"), name="bob"
    )
    grades = [bad, made_up.only_extra()]
    page = class_html(grades, lambda name: name).decode()
    assert "<strong>1</strong> broke safety" in page
    assert '<span class="mark failed">two-leaders</span>' in page
    bob, xena = csv.DictReader(io.StringIO(grades_csv(grades).decode("utf-8-sig")))
    assert bob["safety"] == (
        "two-leaders: test_re_election at seed 1; term-fell: test_churn at seed 0"
    )
    assert xena["safety"] == ""
    out = io.StringIO()
    print_grades(Console(file=out, width=200), grades)
    assert f"breaks safety: {BROKEN}" in out.getvalue()
    assert "two-leaders, term-fell" in out.getvalue()


def test_programs_find_it_in_results_json(made_up):
    grades = [a_grade(made_up, safety_cap=0.5), made_up.only_extra()]
    first, second = json.loads(results_json(grades))["submissions"]
    assert first["safety"] == [
        {
            "code": "two-leaders",
            "broken": "Election Safety (Figure 3)",
            "part": "2A",
            "test": "test_re_election",
            "seed": 1,
            "hidden": False,
        }
    ]
    assert (first["safety_cap"], second["safety"]) == (0.5, [])
    assert second["safety_cap"] is None
