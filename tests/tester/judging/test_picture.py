"""Pictures that failing runs leave by themselves, and what becomes of those that cannot."""

import gc
import os
import re
import shlex
from pathlib import Path

import pytest

import grade
from labrpc.submission.submission import Submission
from tester.judging import picture
from tester.judging.picture import Pictures
from tester.judging.run import Recording, run_test, this_process, trace_file
from tester.judging.run_conditions import RunConditions
from tester.traces.store import make_room

MUTANTS = Path(__file__).resolve().parents[2] / "mutants"


@pytest.fixture
def conditions(graded_tests):
    submission = Submission.find(MUTANTS / "role_kept_in_new_term.py")
    return RunConditions(submission, graded_tests["test_re_election"], 0)


@pytest.fixture
def pictures(tmp_path):
    return Pictures(tmp_path / "pictures", tmp_path / "traces")


def draw(pictures, conditions, run=None, recorded=False):
    run = run or run_test(conditions)
    pictures.draw(run, conditions, this_process(conditions), recorded)
    return run


def test_a_failing_run_leaves_a_picture_and_says_what_happened_last(
    pictures, conditions
):
    run = draw(pictures, conditions)
    page = Path(run.picture)
    assert page == pictures.folder / "test_re_election-seed0.html"
    assert "term 2 has 2 leaders" in page.read_text()
    assert f"picture: {page}" in run.report()
    assert 'hints: docs/symptoms.md, "Test by test", test_re_election' in run.report()
    last = run.evidence.partition("what happened last:\n")[2].splitlines()
    assert len(last) == picture.LAST_LINES
    assert "says that it leads term 2" in last[-1]
    assert trace_file(pictures.traces, conditions).is_file()


def test_a_command_shows_what_lies_between_the_facts_of_the_proof(
    pictures, conditions, capsys
):
    run = draw(pictures, conditions)
    facts, command = re.search(
        r"what the trace proves:\n.+\n((?:    .+\n)+)(?:.*\n)*"
        r"what happened around these facts: (raft-lab trace .+)",
        run.evidence,
    ).groups()
    assert grade.main(shlex.split(command)[1:]) == 0
    shown = capsys.readouterr().out
    for time in re.findall(r"^    (\d+\.\d+) s: server", facts, re.M):
        # Facts are rounded to milliseconds.
        assert re.search(rf"^ *{re.escape(time[:-1])}", shown, re.M)


def test_a_run_that_was_recorded_is_not_made_again(pictures, conditions, monkeypatch):
    run = run_test(conditions, recording=Recording(traces=pictures.traces))
    monkeypatch.setattr(picture, "run_test", None)
    assert draw(pictures, conditions, run, recorded=True).picture


def test_a_long_run_and_one_that_passes_are_not_made_again(pictures, conditions):
    run = run_test(conditions)
    run.cpu_s = picture.RUN_S_MAX + 1
    assert draw(pictures, conditions, run).picture == ""
    run.cpu_s, run.verdict = 0, "passed"
    assert draw(pictures, conditions, run).picture == ""
    assert not pictures.traces.exists()


def test_a_run_that_comes_to_another_end_is_not_drawn(pictures, conditions):
    run = run_test(conditions)
    run.reason = "something else"
    (warning,) = draw(pictures, conditions, run).warnings[-1:]
    assert warning.code == "picture-not-drawn"
    assert "it came to another end: term 2 has 2 leaders" in warning.text
    assert run.picture == ""


def test_a_picture_that_cannot_be_written_changes_no_verdict(
    pictures, conditions, tmp_path
):
    (tmp_path / "pictures").write_text("in the way")
    run = draw(pictures, conditions)
    assert (run.verdict, run.picture) == ("failed", "")
    assert "could not be drawn" in run.warnings[-1].text
    assert "cannot be written: File exists" in run.warnings[-1].text


def test_a_trace_that_cannot_be_written_leaves_no_picture_and_says_why(
    pictures, conditions
):
    pictures.traces.write_text("in the way")
    run = draw(pictures, conditions)
    assert (run.verdict, run.picture) == ("failed", "")
    assert "could not be drawn: traces cannot be written to" in run.warnings[-1].text
    assert run.warnings[-1].text.endswith(": File exists")


def test_a_trace_that_is_too_large_is_not_read(pictures, conditions, monkeypatch):
    monkeypatch.setattr(picture, "TRACE_BYTES_MAX", 100)
    monkeypatch.setattr(picture, "read_trace", None)
    run = draw(pictures, conditions)
    assert (run.verdict, run.picture) == ("failed", "")
    assert "no picture is drawn of a trace of" in run.warnings[-1].text


def test_a_picture_that_takes_too_long_is_left_out(pictures, conditions, monkeypatch):
    def explain(trace):
        while True:
            pass

    monkeypatch.setattr(picture, "DRAW_CPU_S_MAX", 0.1)
    monkeypatch.setattr(picture, "explain", explain)
    run = draw(pictures, conditions)
    assert (run.verdict, run.picture) == ("failed", "")
    assert "it took more than 0.1 s of CPU time" in run.warnings[-1].text


def test_what_must_not_be_seen_is_not_in_the_page(pictures, conditions, tmp_path):
    redacted = Pictures(
        tmp_path / "p", tmp_path / "t", lambda text: text.replace("leaders", "XX")
    )
    text = Path(draw(redacted, conditions).picture).read_text()
    assert "term 2 has 2 XX" in text


def test_the_oldest_files_make_room(tmp_path):
    files = [tmp_path / f"x-seed{number}.html" for number in range(5)]
    for number, file in enumerate(files):
        file.write_text("")
        os.utime(file, ns=(number, number))
    (tmp_path / "mine.html").write_text("")
    make_room(tmp_path, "*-seed*.html", 3)
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "mine.html", "x-seed3.html", "x-seed4.html",
    ]  # fmt: skip
    make_room(tmp_path / "nowhere", "*", 3)


@pytest.mark.parametrize("enabled", [True, False])
def test_garbage_is_collected_after_drawing_as_before(pictures, conditions, enabled):
    if not enabled:
        gc.disable()
    try:
        # Recorded before: a run enables collections whatever was before it.
        run = run_test(conditions, recording=Recording(traces=pictures.traces))
        gc.enable() if enabled else gc.disable()
        assert draw(pictures, conditions, run, recorded=True).picture
        assert gc.isenabled() is enabled
    finally:
        gc.enable()
