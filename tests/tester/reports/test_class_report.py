"""The page of a class."""

import pytest

from tester.reports.class_figures import class_figures
from tester.reports.files import submission_folder
from tester.reports.student_report import student_html, student_markdown
from tester.scoring.grades import Grade


def test_who_has_nothing_to_earn_does_not_count_as_zero(made_up):
    dash = "\N{EN DASH}"
    grades = [made_up.mixed(), made_up.no_verdict(), made_up.only_extra()]
    figures = class_figures(grades, submission_folder)
    assert figures.mean == figures.median == pytest.approx(600 / 23)
    assert sum(bar.count for bar in figures.bars) == 1
    text = " ".join(made_up.Page(made_up.of_class(grades)).text.split())
    assert "26.1 % mean grade" in text
    assert "Not counted here, nor in mean and median: 2 submissions" in text
    assert f"xena 20 extra {dash} " in text
    text = " ".join(made_up.Page(made_up.of_class(grades[1:])).text.split())
    assert f"{dash} mean grade {dash} median grade" in text
    for content in (student_html(grades[2]), student_markdown(grades[2])):
        assert "20 extra points" in content.decode()


def test_a_class_in_which_nobody_loads_has_its_reasons(made_up):
    grades = [
        made_up.a_grade(
            made_up.a_run(), name=name, path=f"/subs/{name}",
            load_error=f"no class Raft in /subs/{name}/raft.py, line {line}",
        )
        for line, name in enumerate(["alice", "bob", "carol"])
    ]  # fmt: skip
    text = " ".join(made_up.Page(made_up.of_class(grades)).text.split())
    assert "No run failed" not in text
    assert (
        "no class Raft in raft.py, line 0 3 submissions did not load alice, bob" in text
    )
    assert text.count("no class Raft") == 2  # Among the reasons, and what to look at.


def test_the_class_page_says_it(made_up):
    grades = [made_up.mixed("alice"), made_up.mixed("bob")]
    grades = [Grade(g.submission, g.path, g.tests, digest="same") for g in grades]
    text = " ".join(made_up.Page(made_up.of_class(grades)).text.split())
    for words in (
        "2 submissions", "26.1 % mean grade", "2 submissions with 20 to 30 per cent.",
        "Identical submissions", "2 submissions, 4 runs of", "1 unknown run",
        "term 0 has 2 leaders (2 runs)",
    ):  # fmt: skip
        assert words in text, words
    assert "alice, bob" in text
