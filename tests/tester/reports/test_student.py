"""What a student may know of a grade, and the command to replay it at home."""

import shlex

import pytest

from labrpc.submission.submission import Submission
from tester.judging.run import run_test
from tester.judging.run_conditions import RunConditions
from tester.reports.gradescope import gradescope_json
from tester.reports.student import student_report
from tester.reports.student_report import student_html, student_markdown
from tester.scoring.grades import Grade, grade_tests
from tester.verdict import RunWarning, Verdict


def test_a_student_without_linux_is_told_what_to_leave_out(made_up):
    run = made_up.a_run()
    run.replay += " --isolation process"
    (test,) = student_report(made_up.a_grade(run)).tests
    assert "leave it out elsewhere" in test.advice
    (test,) = student_report(made_up.a_grade(made_up.a_run())).tests
    assert "elsewhere" not in test.advice


def test_a_picture_of_a_failing_run_is_linked(made_up):
    run = made_up.a_run(picture="test_x-seed3.html")
    page = student_html(made_up.a_grade(run)).decode()
    assert '<a href="test_x-seed3.html">Picture of a failing run</a>' in page
    assert "Picture" not in student_html(made_up.a_grade(made_up.a_run())).decode()


def test_a_student_is_told_of_what_is_odd(made_up):
    odd = [f"the <term> went from 1 to {n}" for n in range(50)]
    warnings = [RunWarning("term-rose", text) for text in [*odd, "x\x07" * 10_000]]
    run = made_up.a_run(verdict=Verdict.PASSED, warnings=warnings)
    report = student_report(made_up.a_grade(run))
    first, second = report.tests[0].warnings
    assert first == odd[0]
    assert len(second) < 400
    page = made_up.Page(student_html(made_up.a_grade(run)))
    assert f"Warning, which costs no points: {odd[0]}" in page.text
    text = student_markdown(made_up.a_grade(run)).decode()
    assert "costs no points: the &lt;term&gt; went from 1 to 0" in text


def test_a_student_is_told_what_earns_the_points(made_up):
    grade = made_up.with_extra()
    report = student_report(grade)
    assert [(part.name, part.extra) for part in report.parts] == [
        ("2A", False),
        ("2X", True),
    ]
    for content in (student_html(grade), student_markdown(grade)):
        text = content.decode()
        assert "6 of 6 points" in text
        assert "in proportion to the seeds at which it passes" in text
        assert "3 of 3 extra" in text
        assert "Extra points: each test earns" in text


def test_no_student_sees_a_hidden_seed_or_the_instructors_folders(made_up):
    grade = made_up.mixed()
    for content in (student_html(grade), student_markdown(grade)):
        assert str(made_up.HIDDEN_SEED) not in content.decode()
        assert "/home/prof" not in content.decode()
        assert "at 1.5 s of virtual time, seed (hidden)" in content.decode()
        assert "--seeds 200" in content.decode()
    hidden = student_report(grade).parts[0].tests[2]
    assert hidden.hidden
    assert hidden.replay == (
        'pytest --lab -k "test_many_elections[" --seeds 200 --submission . --hash-seed 0 '
        "--preempt"
    )
    assert "hidden seed, which cannot be replayed" in hidden.advice


def test_a_failure_that_can_be_replayed_is_shown_rather_than_a_hidden_one(made_up):
    runs = [made_up.a_run(seed=3, hidden=True), made_up.a_run(seed=5)]
    report = student_report(made_up.a_grade(*runs))
    assert report.tests[0].reason == "term 5 has 2 leaders"
    assert "--seed 5" in report.tests[0].replay


def test_what_the_lab_itself_broke_at_is_not_for_students(made_up):
    run = made_up.a_run(verdict=Verdict.UNKNOWN, reason="the lab itself broke: x")
    test = student_report(made_up.a_grade(run)).tests[0]
    assert (test.reason, test.evidence, test.replay) == (run.reason, "", "")


@pytest.mark.slow
def test_the_command_replays_the_failure_in_the_students_repository(
    graded_tests, example, tmp_path, shell
):
    """From the instructor's run to the student's terminal, as it is printed."""
    theirs = Submission.find(example("only_2a"))
    test = graded_tests["test_basic_agreement"]
    run = run_test(RunConditions(theirs, test, 17))
    run.replay = RunConditions(theirs, test, 17, hash_seed=0).replay_command()
    shown = student_report(Grade("s", str(theirs.path), grade_tests([run]))).tests[0]
    assert str(theirs.path) not in shown.replay
    assert "tests/lab2" not in shown.replay

    (tmp_path / "raft.py").write_bytes((theirs.path / "raft.py").read_bytes())
    done = shell(f"{shown.replay} -p no:cacheprovider", tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed" in done.stdout
    assert run.reason in done.stdout
    assert run.evidence.splitlines()[0] in done.stdout


@pytest.mark.parametrize(
    ("inside", "word"),
    [("src", "src"), ("main.py", "main.py"), ("my lab/x", '"my lab/x"')],
)
def test_the_command_and_the_report_name_what_was_graded(made_up, inside, word):
    grade = made_up.a_grade(made_up.a_run(), inside=inside)
    hidden = made_up.a_grade(made_up.a_run(hidden=True), inside=inside)
    assert f"--submission {word} " in student_report(hidden).tests[0].replay
    unloaded = made_up.a_grade(made_up.a_run(), inside=inside, load_error="x")
    for render in (student_html, student_markdown):
        text = made_up.Page(render(grade)).text if render is student_html else (
            render(grade).decode()
        )  # fmt: skip
        assert f"We graded {inside} from what you handed in." in text
        assert f"--seed 0 --submission {word} --hash-seed 0 --preempt" in text
        assert "pytest --lab --submission" in render(unloaded).decode()
    assert student_report(unloaded).try_it == f"pytest --lab --submission {word}"
    assert (
        f"We graded {inside} from what you handed in."
        in gradescope_json(grade).decode()
    )


def test_of_what_was_graded_whole_nothing_is_said(made_up):
    grade = made_up.a_grade(made_up.a_run())
    for render in (student_html, student_markdown, gradescope_json):
        assert "We graded" not in render(grade).decode()


def test_a_command_of_another_kind_is_not_shown(made_up):
    run = made_up.a_run(replay="")
    assert student_report(made_up.a_grade(run)).tests[0].replay == ""


def test_a_class_in_a_folder_called_lab3_may_be_of_lab_2(made_up):
    run = made_up.a_run()
    run.replay = run.replay.replace("/subs/", "/lab3/subs/")
    report = student_report(made_up.a_grade(run))
    assert report.tests[0].replay.startswith("pytest --lab -k ")
    assert report.try_it == "pytest --lab --submission ."


def test_a_path_that_looks_like_a_test_is_none(made_up):
    run = made_up.a_run()
    run.replay = run.replay.replace("/subs/alice", f"/'a b::{run.test}'")
    words = shlex.split(student_report(made_up.a_grade(run)).tests[0].replay)
    assert words[words.index("--submission") + 1] == "."
    assert words.count("-k") == 1


def test_situations_are_listed_if_they_were_noted(made_up):
    run = made_up.a_run(verdict=Verdict.PASSED, situations=["two-leaders"])
    page = made_up.Page(student_html(made_up.a_grade(run)))
    assert "Situations: the runs met 1 of" in page.text
    assert "two servers lead at one moment" in page.text
    assert (
        "Situations: the runs met 1" in student_markdown(made_up.a_grade(run)).decode()
    )
    without = made_up.a_grade(made_up.a_run())
    assert "ituations" not in student_html(without).decode()
