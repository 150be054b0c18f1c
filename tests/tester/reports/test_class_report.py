"""The page of a class."""

import re

import pytest

from tester.intake.similarity import SimilarPair
from tester.reports.class_figures import class_figures
from tester.reports.files import submission_folder, write_files
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


def test_similar_submissions_are_a_section_of_the_class_page_alone(made_up, tmp_path):
    names = ("alice", "bob", "carol\n")
    grades = [made_up.mixed(name) for name in names]
    similar = [SimilarPair("alice", "carol\n", 0.837)]
    write_files(tmp_path, grades, similar)
    page = (tmp_path / "class.html").read_text()
    row = r">alice</a></td><td><a [^>]+>carol</a></td><td class=\"n\">83 %"
    assert re.search(row, page)
    written = [file.read_text() for file in tmp_path.rglob("*") if file.is_file()]
    assert sum("Similar submissions" in text for text in written) == 1
    assert not any("0.837" in text for text in written)
    write_files(tmp_path, grades)
    assert "Similar submissions" not in (tmp_path / "class.html").read_text()


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
