"""A student's page, in HTML and in Markdown."""

import re

import pytest

from tester.reports.student_report import student_html, student_markdown
from tester.verdict import RunWarning, Verdict
from tester.versions import PYTHON


def test_a_student_is_told_what_failed_why_and_what_to_do(made_up):
    for content in (student_html(made_up.mixed()), student_markdown(made_up.mixed())):
        text = content.decode()
        if text.startswith("<!doctype"):
            text = made_up.Page(content).text
        for words in (
            "at least 6, at most 9 of 23 points",
            "leader election (sections 5.1 and 5.2)",
            "test_re_election",
            "Leaders that fail are replaced, and nobody leads without a majority.",
            "term 1 has 2 leaders",
            "server 0: leader",
            'pytest --lab -k "test_re_election[" --seed 1 --submission . --hash-seed 0',
            "no verdict",
            "not your fault",
        ):
            assert words in text, words


def test_a_student_whose_submission_does_not_load_is_told_that_only(made_up):
    run = made_up.a_run(reason="no class Raft", evidence="in raft.py")
    grade = made_up.a_grade(run, load_error=run.reason)
    for text in (
        made_up.Page(student_html(grade)).text,
        student_markdown(grade).decode(),
    ):
        assert f"the submission does not load with {PYTHON}" in text
        assert "no class Raft" in text
        assert "in raft.py" in text
        assert "test_initial_election" not in text


def test_hostile_markdown_stays_in_its_blocks(made_up):
    for grade in made_up.hostile():
        text = student_markdown(grade).decode()
        outside, fence = [], ""
        for line in text.splitlines():
            if fence:
                fence = "" if line == fence else fence
            elif line.startswith("```"):
                fence = line.removesuffix("text")
            else:
                outside.append(line)
        assert fence == ""
        assert "<script" not in "\n".join(outside)
        assert "onerror" not in "\n".join(outside)
        assert [line for line in outside if line.startswith("# ")] == [outside[0]]


def three_reasons(made_up):
    deadlock = "deadlock: Thread-{} waits"
    tests = ("initial_election", "re_election", "many_elections", "basic_agreement")
    return made_up.a_grade(
        made_up.a_run(f"test_{tests[0]}", reason=deadlock.format(1)),
        *[made_up.a_run(f"test_{test}", seed=n) for n, test in enumerate(tests[1:])],
        made_up.a_run("test_churn", Verdict.PASSED),
    )


def test_failures_are_grouped_by_reason_and_the_first_is_open(made_up):
    content = student_html(three_reasons(made_up)).decode()
    first, second = re.findall(r"<details.*?</details>", content, re.DOTALL)
    assert first.startswith("<details open>")
    assert second.startswith("<details>")
    assert "3 of 4 failed tests: term 0 has 2 leaders" in first
    assert "1 of 4 failed tests: deadlock: Thread-1 waits" in second
    assert re.findall(r'h3 id="(\w+)"', first) == [
        "test_re_election", "test_many_elections", "test_basic_agreement",
    ]  # fmt: skip
    assert "pytest --lab" in first


def test_a_test_has_one_id_wherever_it_is_shown(made_up):
    for grade in (made_up.mixed(), three_reasons(made_up)):
        elements = made_up.Page(student_html(grade)).elements
        ids = [a["id"] for _, a in elements if a.get("id", "").startswith("test_")]
        assert sorted(ids) == sorted(test.outcome.test for test in grade.tests)


def test_warnings_that_differ_in_numbers_are_shown_once(made_up):
    runs = [
        made_up.a_run(
            f"test_{name}", Verdict.PASSED,
            warnings=[RunWarning("term-rose", f"the term rose to {n}")],
        )
        for n, name in enumerate(("initial_election", "re_election"))
    ]  # fmt: skip
    grade = made_up.a_grade(*runs)
    for text in (
        made_up.Page(student_html(grade)).text,
        student_markdown(grade).decode(),
    ):
        assert text.count("costs no points") == 1
        shown = "the term rose to 0 (in test_initial_election, test_re_election)"
        assert shown in text.replace("\\", "")


@pytest.mark.slow
def test_a_link_opens_the_reason_that_hides_its_test(made_up, show, tmp_path):
    file = tmp_path / "report.html"
    file.write_bytes(student_html(three_reasons(made_up)))
    for width, scheme in ((390, "dark"), (1280, "light")):
        page = show(file, "#test_initial_election", width=width, scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("#test_initial_election").is_visible()
        assert page.locator("details[open]").count() == 2
