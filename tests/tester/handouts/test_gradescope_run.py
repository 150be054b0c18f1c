"""The autograder at work, in a folder that is laid out as Gradescope's container is."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import msgspec
import pytest

import grade
from tester.handouts import gradescope_run
from tester.handouts.gradescope_run import Autograder, Settings
from tester.reports.files import write_submission_files
from tester.reports.gradescope import GradescopeResults
from tester.scoring.rubric import hidden_seeds

SECRET = "0123456789abcdef" * 4


@pytest.fixture
def written(tmp_path):
    """Write an autograder's folder."""
    directory = tmp_path / "written"
    assert grade.main(["autograder", str(directory)]) == 0
    return directory


def results_in(root):
    content = (root / "results" / "results.json").read_bytes()
    return msgspec.json.decode(content, type=GradescopeResults)


@pytest.fixture
def root(written, tmp_path):
    """Return a folder as Gradescope lays it out, with this Python for the lab's own."""
    root = tmp_path / "autograder"
    (root / "submission").mkdir(parents=True)
    shutil.move(written, root / "source")
    (root / "source/venv/bin").mkdir(parents=True)
    python = root / "source/venv/bin/python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    return root


def set_options(root, *options, time_limit_s=300):
    # A list of strings is written alike in JSON and TOML.
    options = json.dumps(["--jobs", "1", "--isolation", "none", *options])
    text = f"options = {options}\ntime_limit_s = {time_limit_s}\n"
    (root / "source/settings.toml").write_text(text)


def hand_in(root, submission, below=""):
    target = root / "submission" / below
    shutil.copytree(submission, target, dirs_exist_ok=True)


def run_autograder(root):
    done = subprocess.run(
        ["bash", root / "source/run_autograder"],
        env={**os.environ, "AUTOGRADER_ROOT": str(root)},
        cwd=root,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("below", "inside"), [("", "."), ("my-repository/src", "src")])
def test_a_submission_is_graded_wherever_it_lies(root, example, below, inside):
    set_options(root, "--tests", "initial_election or basic_agreement")
    hand_in(root, example("only_2a"), below)
    if below.endswith("src"):
        # Beside it lies what is no submission.
        (root / "submission" / below).parent.joinpath("docs").mkdir()
    printed = run_autograder(root)
    results = results_in(root)
    assert results.score == 6
    assert [(t.number, t.score, t.status) for t in results.tests] == [
        ("2A.1", 6, "passed"),
        ("2B.1", 0, "failed"),
    ]
    assert "accepted command" in results.tests[1].output
    assert str(root) not in results.tests[1].output
    assert f"--submission {inside} " in results.tests[1].output
    assert "all submissions" in printed


@pytest.mark.slow
def test_what_an_earlier_run_has_left_does_not_count(root, example, made_up):
    write_submission_files(root / "grades", made_up.mixed())
    set_options(root, "--tests", "initial_election", "--isolation", "process")
    hand_in(root, example("only_2a"))
    run_autograder(root)
    assert [test.number for test in results_in(root).tests] == ["2A.1"]


def all_have_passed_somewhere(results):
    """Return whether each test of part 2A has passed at a seed."""
    tallies = [test.output for test in results.tests]
    return len(tallies) == 3 and all(
        re.search(r"\b[1-9]\d* of \d+ runs passed", tally) for tally in tallies
    )


@pytest.mark.slow
def test_grading_stops_before_gradescopes_limit_and_what_is_done_counts(
    root, example, monkeypatch, capsys
):
    class LeftUntilAllTestsHaveRun:
        """A limit that the first verdict on each test uses up, on any machine."""

        def __init__(self, limit_s):
            assert limit_s == 10

        def left_s(self):
            return 0 if all_have_passed_somewhere(results_in(root)) else 1

    monkeypatch.setattr(gradescope_run, "Deadline", LeftUntilAllTestsHaveRun)
    set_options(root, "--parts", "2A", "--seeds", "1000", time_limit_s=10)
    hand_in(root, example("polling"))
    assert Autograder(root).run() == 0
    results = results_in(root)
    assert "Grading was stopped after 10 s" in results.output
    assert "Grading was stopped after 10 s" in capsys.readouterr().out
    # How many runs there were is the machine's affair, and so is what they earn.
    assert [test.number for test in results.tests] == ["2A.1", "2A.2", "2A.3"]
    for test in results.tests:
        assert "no verdict" in test.output.lower()
        assert test.score == 0 < test.max_score
    assert "at least 0, at most 20 of 20 points" in results.output


@pytest.mark.slow
def test_results_are_there_and_whole_before_grading_ends(root, example):
    set_options(root, "--parts", "2A", "--seeds", "2000", time_limit_s=120)
    hand_in(root, example("polling"))
    process = subprocess.Popen(
        ["bash", root / "source/run_autograder"],
        env={**os.environ, "AUTOGRADER_ROOT": str(root)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    seen = []

    def look():
        """Note what Gradescope would read at this moment; it is always whole."""
        assert process.poll() is None
        if seen or (root / "results/results.json").is_file():
            seen.append(results_in(root))
        time.sleep(0.05)
        return seen[-1:] or [None]

    try:
        while not (last := look()[0]) or not all_have_passed_somewhere(last):
            pass
    finally:
        # As Gradescope ends a container.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert "has begun" in seen[0].output
    last = results_in(root)
    assert "at most 20 of 20 points" in last.output
    for test in last.tests:
        assert "came to no verdict" in test.output


@pytest.mark.slow
def test_a_rubric_with_hidden_seeds_keeps_them(root, example):
    text = '[seeds]\ncount = 0\nhidden = 1\nsecret_file = "secret.txt"\n'
    (root / "source/rubric.toml").write_text(text)
    (root / "source/secret.txt").write_text(SECRET)
    (hidden,) = hidden_seeds(SECRET.encode(), 1)
    set_options(root, "--tests", "initial_election or basic_agreement")
    hand_in(root, example("only_2a"))
    # The staff may know it.
    assert str(hidden) in run_autograder(root)
    content = (root / "results/results.json").read_text()
    assert "accepted command" in content
    assert "failed at a hidden seed" in content
    assert "--seeds 200" in content
    assert str(hidden) not in content
    assert results_in(root).score == 6


@pytest.mark.slow
@pytest.mark.parametrize("files", [{}, {"a.py": "", "b.py": ""}, {"notes.txt": "hi"}])
def test_what_is_no_submission_is_told_what_is_missing(root, files):
    for name, text in files.items():
        (root / "submission" / name).write_text(text)
    run_autograder(root)
    results = results_in(root)
    assert results.score == 0
    assert "no submission was found" in results.output
    assert "`raft.py`" in results.output


def test_who_hands_in_nothing_in_lab_3_is_told_what_is_missing(root):
    (root / "source/settings.toml").write_text("options = []\nlab = 3\n")
    assert Autograder(root).run() == 0
    output = results_in(root).output
    assert "no submission was found" in output
    assert "`rsm`, `kv` from part 3B on, and your own `raft`" in output


@pytest.mark.slow
def test_a_service_is_graded(root, project):
    set_options(root, "--tests", "rsm_basic or kv_versions")
    with (root / "source/settings.toml").open("a") as settings:
        settings.write("lab = 3\n")
    hand_in(root, project / "tests/services/kv_threads/rsm", "work/rsm")
    run_autograder(root)
    results = results_in(root)
    assert [(t.number, t.score, t.status) for t in results.tests] == [
        ("3A.1", 2, "passed"),
        ("3B.1", 0, "failed"),
    ]
    assert "kv" in results.tests[1].output
    assert "pytest --lab3 " in results.tests[1].output


@pytest.mark.slow
def test_a_single_file_is_a_submission_whatever_its_name(root, example):
    set_options(root, "--tests", "initial_election")
    source = (example("only_2a") / "raft.py").read_text()
    (root / "submission/my_raft.py").write_text(source)
    run_autograder(root)
    assert results_in(root).score == 6


@pytest.mark.slow
@pytest.mark.parametrize("target", ["source/lab", "source/settings.toml"])
def test_a_link_out_of_the_submission_is_not_followed(root, target, project):
    shutil.copytree(project / "raft", root / "source/lab/raft")
    link = root / "submission" / ("x" if target == "source/lab" else "x.py")
    link.symlink_to(root / target)
    run_autograder(root)
    assert results_in(root).score == 0
    assert "no submission was found" in results_in(root).output


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("options = [", "settings.toml cannot be used: "),
        ("options = []\ntime_limit = 5\n", "time_limit"),
        # With a byte order mark, it is read as without.
        ('\ufeffoptions = []\nhidden_tests = "never"\n', "never"),
        ('options = ["--seeds", "no"]', "'no' is not a whole number"),
    ],
)
def test_a_broken_autograder_says_so_to_students_and_why_to_staff(
    root, example, settings, words
):
    (root / "source/settings.toml").write_text(settings)
    hand_in(root, example("only_2a"))
    printed = run_autograder(root)
    assert "The autograder failed. That is not your fault" in results_in(root).output
    assert words in printed
    assert "the autograder failed: see above" in printed


def test_an_autograder_that_was_not_set_up_says_so(root):
    shutil.rmtree(root / "source/venv")
    run_autograder(root)
    content = (root / "results/results.json").read_bytes()
    assert b"is not set up" in content
    msgspec.json.decode(content)


@pytest.mark.slow
def test_secrets_are_for_the_autograder_only(root, example):
    for name in ("rubric.toml", "secret.txt"):
        (root / "source" / name).write_text("")
        (root / "source" / name).chmod(0o644)
    run_autograder(root)
    for name in ("rubric.toml", "secret.txt"):
        assert (root / "source" / name).stat().st_mode & 0o077 == 0


def test_tests_at_hidden_seeds_are_shown_when_the_settings_say(root, made_up):
    write_submission_files(root / "grades", made_up.mixed())
    (root / "results").mkdir()
    settings = Settings(options=[], hidden_tests="after_due_date")
    assert Autograder(root)._publish(settings, "a note\n")
    results = results_in(root)
    shown = {test.name.partition(":")[0]: test.visibility for test in results.tests}
    assert shown == {
        "test_initial_election": "visible",
        "test_re_election": "visible",
        "test_many_elections": "after_due_date",
        "test_basic_agreement": "visible",
    }
    assert results.output.startswith("a note\nat least 6, at most 9 of 23 points")
