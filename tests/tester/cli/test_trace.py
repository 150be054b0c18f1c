"""The command `trace`: what it prints of a recorded run, and to whom."""

import os
import subprocess
import sys

import pytest

import grade
from labrpc.submission.submission import Submission
from tester.judging.run import Recording, run_test
from tester.judging.run_conditions import RunConditions

TEST = "test_basic_agreement"


@pytest.fixture(scope="module")
def recorded(example, graded_tests, tmp_path_factory):
    """Record a run; return the file."""
    folder = tmp_path_factory.mktemp("traces")
    conditions = RunConditions(Submission.find(example("raft")), graded_tests[TEST], 0)
    run_test(conditions, recording=Recording(traces=folder))
    return folder / f"{TEST}-seed0.jsonl"


def test_some_servers_and_some_time_can_be_picked_out(recorded, capsys):
    options = ["--servers", "1", "--since", "0.3", "--until", "0.6"]
    assert grade.main(["trace", str(recorded), *options]) == 0
    first, *lines, last = capsys.readouterr().out.splitlines()
    assert (first, last) == (f"{TEST} of raft, seed 0", "passed")
    assert lines
    for line in lines:
        assert 0.3 <= float(line.split()[0]) <= 0.6
        assert line.split()[2:4] == ["server", "1"]


def test_a_page_with_the_picture_is_written(recorded, tmp_path, capsys):
    page = tmp_path / "new" / "run.html"
    assert grade.main(["trace", str(recorded), "--html", str(page)]) == 0
    assert capsys.readouterr().out == f"picture: {page}\n"
    assert "<svg" in page.read_text()


def test_a_terminal_that_knows_only_ascii_gets_every_line(recorded):
    command = [sys.executable, "-m", "grade", "trace", recorded]
    ascii_only = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, env=ascii_only, check=True)
    assert b"\\u25b6 2  request_vote(term=1" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.jsonl"], "nowhere.jsonl cannot be read: No such file"),
        (["x", "--servers", "1;2"], "--servers: '1;2' is not a list such as 0,2"),
        (["x", "--since", "noon"], "--since: 'noon' is not a number of seconds"),
        ([], "the following arguments are required: FILE"),
    ],
)
def test_wrong_usage(arguments, words, capsys):
    assert grade.main(["trace", *arguments]) == 2
    assert words in capsys.readouterr().err
