"""A student's page, in HTML and in Markdown."""

from tester.reports.student_report import student_html, student_markdown
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
