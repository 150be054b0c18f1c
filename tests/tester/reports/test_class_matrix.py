"""Who fails what: the matrix of a class."""

from types import SimpleNamespace

import pytest

from tester import codes
from tester.grading.checkpoints import Checkpoints
from tester.reports.class_figures import class_figures
from tester.reports.class_report import class_html
from tester.reports.files import submission_folder
from tester.reports.student_report import student_html
from tester.verdict import Verdict

PASSED, FAILED, UNKNOWN = Verdict.PASSED, Verdict.FAILED, Verdict.UNKNOWN


def still_to_come(made_up, test, seed):
    return made_up.a_run(test, UNKNOWN, seed, code=codes.NOT_RUN.name, reason="no")


def under_way(made_up):
    """Return grades of which three runs are still to come."""
    carol = made_up.a_grade(
        made_up.a_run("test_initial_election", PASSED, 0),
        still_to_come(made_up, "test_initial_election", 1),
        made_up.a_run("test_re_election", FAILED, 0),
        made_up.a_run("test_re_election", FAILED, 1),
        still_to_come(made_up, "test_many_elections", 0),
        still_to_come(made_up, "test_many_elections", 1),
        name="carol",
    )
    return [made_up.mixed(), carol, made_up.unloaded("zoe")]


def shown(row):
    return [(cell.state.value, cell.mark) for cell in row.cells]


def test_each_cell_has_a_symbol_and_words(made_up):
    matrix = class_figures(under_way(made_up), submission_folder).matrix
    assert [test for _, test in matrix.tests] == [
        "test_initial_election", "test_re_election", "test_many_elections",
        "test_basic_agreement",
    ]  # fmt: skip
    alice, carol, zoe = matrix.rows
    assert shown(alice) == [
        ("passed", "\u2713"), ("partly", "1/2"), ("partly", "1/2"), ("unknown", "?"),
    ]  # fmt: skip
    assert shown(carol) == [
        ("waiting", "\u2026"), ("failed", "\u2717"), ("waiting", "\u2026"),
        ("waiting", ""),
    ]  # fmt: skip
    assert shown(zoe) == [("unloaded", "\u2013")] * 4
    assert carol.cells[0].words == "1 of 1 runs passed, 1 still to come"
    assert alice.cells[3].words == "0 of 1 runs passed, 1 came to no verdict"


def test_each_cell_leads_to_its_test_in_the_students_report(made_up):
    grades = under_way(made_up)
    page = made_up.Page(made_up.of_class(grades))
    targets = {
        f"{submission_folder(grade.submission)}/report.html#{attributes['id']}"
        for grade in grades
        for _, attributes in made_up.Page(student_html(grade)).elements
        if attributes.get("id", "").startswith("test_")
    }
    links = [a["href"] for a in page.all("a") if "#test_" in a["href"]]
    assert len(links) == 4 + 3
    assert set(links) <= targets


def test_what_is_still_to_come_is_neither_unknown_nor_counted(made_up):
    figures = class_figures(under_way(made_up), submission_folder)
    assert [row.name for row in figures.with_unknown] == ["alice"]
    assert (figures.waiting, figures.runs) == (3, 7 + 3 + 1)
    assert len(figures.percents) == 2
    assert sum(bar.count for bar in figures.bars) == 2


def test_a_page_of_a_grading_under_way_says_so_and_reloads_itself(made_up):
    grades = under_way(made_up)
    going = made_up.Page(class_html(grades, submission_folder, under_way=True))
    stopped = made_up.Page(class_html(grades, submission_folder))
    finished = made_up.Page(class_html(grades[:1], submission_folder))
    assert "Grading is under way: 11 of 14 runs made." in going.text
    assert "The grading was stopped: 11 of 14 runs made." in stopped.text
    assert "--resume" in stopped.text
    assert not finished.all("progress")
    refreshes = [
        [meta for meta in page.all("meta") if meta.get("http-equiv") == "refresh"]
        for page in (going, stopped, finished)
    ]
    assert [len(found) for found in refreshes] == [1, 0, 0]


def test_checkpoints_say_that_the_grading_goes_on_until_they_are_saved(
    made_up, tmp_path
):
    class Grading:
        record = SimpleNamespace(grades=lambda: under_way(made_up))

    checkpoints = Checkpoints(tmp_path, Grading())
    assert b"Grading is under way" in (tmp_path / "class.html").read_bytes()
    checkpoints.save()
    assert b"The grading was stopped" in (tmp_path / "class.html").read_bytes()


def test_reasons_of_one_submission_are_folded(made_up):
    alone = made_up.a_grade(made_up.a_run(reason="only mine"), name="dan")
    page = made_up.of_class([made_up.mixed(), made_up.mixed("bob"), alone]).decode()
    folded = page[page.index("<details>") : page.index("</details>")]
    assert "1 reason of one submission only" in folded
    assert "only mine" in folded
    assert "has 2 leaders" not in folded


@pytest.mark.slow
def test_the_tables_are_sorted_and_filtered_in_a_browser(made_up, show, tmp_path):
    file = tmp_path / "class.html"
    file.write_bytes(made_up.of_class(under_way(made_up)))
    names = "els => els.filter(e => e.checkVisibility()).map(e => e.textContent)"
    for width, scheme in ((390, "light"), (1280, "dark")):
        page = show(file, width=width, scheme=scheme)
        first = page.locator(".matrix table")

        def rows(table=first):
            return table.locator("tbody th").evaluate_all(names)

        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert rows() == ["alice", "carol", "zoe"]
        first.get_by_role("button", name="re_election").click()
        assert rows() == ["carol", "alice", "zoe"]
        first.get_by_role("button", name="re_election").click()
        assert rows() == ["zoe", "alice", "carol"]
        page.get_by_label("Filter rows: Submissions by tests").fill("ALI")
        assert rows() == ["alice"]


@pytest.mark.slow
def test_the_class_lists_the_situations_that_were_noted(made_up):
    run = made_up.a_run(verdict=Verdict.PASSED, situations=["two-leaders"])
    page = made_up.Page(class_html([made_up.a_grade(run)], submission_folder))
    assert "Situations: the runs met 1 of" in page.text
    assert "two servers lead at one moment" in page.text
