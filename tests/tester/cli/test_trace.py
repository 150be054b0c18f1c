"""The command `trace`: what it prints of a recorded run, and to whom."""

import json
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
    options = ["--all", "--servers", "1", "--since", "0.3", "--until", "0.6"]
    assert grade.main(["trace", str(recorded), *options]) == 0
    first, *lines, last = capsys.readouterr().out.splitlines()
    assert (first, last) == (f"{TEST} of raft, seed 0", "passed")
    assert lines
    for line in lines:
        assert 0.3 <= float(line.split()[0]) <= 0.6
        assert line.split()[2:4] in (["server", "1"], ["the", "test"])


def test_the_lines_have_a_column_for_each_server(recorded, capsys):
    assert grade.main(["trace", str(recorded), "--last", "4"]) == 0
    first, head, *lines, last = capsys.readouterr().out.splitlines()
    assert (first, last) == (f"{TEST} of raft, seed 0", "passed")
    assert head.split() == ["time", "0", "1", "2", "what", "happened"]
    assert len(lines) == 4
    assert all(line.split()[1] == "s" for line in lines)


def test_one_topic_can_be_picked_out(recorded, capsys):
    assert grade.main(["trace", str(recorded), "--only", "elections"]) == 0
    lines = capsys.readouterr().out.splitlines()[2:-1]
    assert lines
    assert any("request_vote" in line for line in lines)
    assert not any("applies" in line for line in lines)


def test_two_traces_are_compared(recorded, tmp_path, capsys):
    assert grade.main(["trace", "diff", str(recorded), str(recorded)]) == 0
    assert "the runs are the same: " in capsys.readouterr().out
    cut = tmp_path / "cut.jsonl"
    cut.write_bytes(b"".join(recorded.read_bytes().splitlines(keepends=True)[:40]))
    assert grade.main(["trace", "diff", str(recorded), str(cut)]) == 1
    assert "then they part:" in capsys.readouterr().out


def test_pages_and_exports_are_written(recorded, tmp_path, capsys):
    page, events, log = (
        tmp_path / "new" / name for name in ("x.html", "x.json", "x.log")
    )
    arguments = ["--html", page, "--perfetto", events, "--shiviz", log]
    assert grade.main(["trace", str(recorded), *map(str, arguments)]) == 0
    assert capsys.readouterr().out == "".join(
        f"written: {f}\n" for f in (page, events, log)
    )
    assert "<svg" in page.read_text()
    assert json.loads(events.read_bytes())["traceEvents"]
    assert log.read_text().splitlines()[1].startswith("server0 {")


@pytest.mark.slow
def test_a_terminal_that_knows_only_ascii_gets_every_line(recorded):
    command = [sys.executable, "-m", "grade", "trace", recorded]
    ascii_only = os.environ | {"PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, env=ascii_only, check=True)
    assert b"\\u25b6 2, 0  request_vote(term=1" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.jsonl"], "nowhere.jsonl cannot be read: No such file"),
        (["x", "--servers", "1;2"], "--servers: '1;2' is not a list such as 0,2"),
        (["x", "--since", "noon"], "--since: 'noon' is not a number of seconds"),
        (["x", "--only", "votes"], "--only: 'votes'; there are elections,"),
        (["x", "--last", "0"], "--last: '0' is not a whole number from 1"),
        (["x", "y"], "trace takes one file; to compare two: trace diff"),
        (["diff", "x"], "trace diff takes two files"),
        ([], "the following arguments are required: FILE"),
    ],
)
def test_wrong_usage(arguments, words, capsys):
    assert grade.main(["trace", *arguments]) == 2
    assert words in capsys.readouterr().err
