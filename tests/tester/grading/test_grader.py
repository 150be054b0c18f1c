"""grade.py from end to end, on sets that take a moment."""

import csv
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time

import pytest

import grade
from tester.verdict import Run
from tester.workers import pool

FIELDS = {
    "submission", "part", "test", "seed", "verdict", "reason", "replay",
    "virtual_s", "cpu_s", "rpcs", "bytes", "commits",
}  # fmt: skip
ONE_TEST = ["--tests", "test_initial_election"]


@pytest.fixture
def graded(tmp_path, capsys):
    """Return a function that grades: exit status, results.json, grades.csv, output."""

    def run(*arguments):
        out = tmp_path / "out"
        status = grade.main([*map(str, arguments), "--out", str(out)])
        results = json.loads((out / "results.json").read_text())
        with (out / "grades.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        return status, results, rows, capsys.readouterr().out

    return run


def verdicts(results):
    """Return the verdict of every run, by submission, test and seed."""
    return {
        (run["submission"], run["test"], run["seed"]): run["verdict"]
        for run in results["runs"]
    }


# Grading.


def test_one_submission_at_two_seeds(graded, example):
    status, results, rows, output = graded(
        example("raft"), "--tests", "initial_election or basic_agreement",
        "--seeds", "2", "--seed", "3", "--jobs", "1",
    )  # fmt: skip
    assert status == 0
    assert verdicts(results) == {
        ("raft", test, seed): "passed"
        for test in ("test_initial_election", "test_basic_agreement")
        for seed in (3, 4)
    }
    for run in results["runs"]:
        assert run.keys() >= FIELDS
        assert f"--seed {run['seed']} --submission {example('raft')}" in run["replay"]
        assert run["virtual_s"] > 0 <= run["cpu_s"]
        assert run["rpcs"] > 0 < run["bytes"]
        assert run["commits"] == (3 if run["test"] == "test_basic_agreement" else 0)
    (row,) = rows
    assert (row["submission"], row["points"], row["percent"]) == ("raft", "9", "100.0")
    assert "[1/1] raft: 4 of 4 runs passed" in output
    assert "\x1b" not in output


def test_a_folder_in_which_some_do_not_load(graded, example, dictator):
    folder = dictator("def get_state(self): return 1, True", name="kings").path.parent
    dictator(name="dictator")
    dictator("1 +", name="typo")
    (folder / "empty").mkdir()
    status, results, rows, output = graded(folder, *ONE_TEST, "--jobs", "2")
    assert status == 0
    by_name = {row["submission"]: row for row in rows}
    assert list(by_name) == ["dictator", "empty", "kings", "typo"]
    assert [row["points"] for row in rows] == ["6", "0", "0", "0"]
    assert {row["points_max"] for row in rows} == {"6"}
    assert by_name["kings"]["first_reason"].startswith("term 1 has 2 leaders")
    assert by_name["empty"]["first_reason"] == "nothing was handed in"
    assert "syntax error in raft.py, line " in by_name["typo"]["first_reason"]
    for run in results["runs"]:
        assert run.keys() >= FIELDS
        assert (run["verdict"] == "passed") == (run["submission"] == "dictator")
        assert bool(run["reason"]) == (run["verdict"] == "failed")
    # A load error is printed with its line; a failure with its replay command.
    assert "1 +" in output
    assert re.search(r"^PYTHONHASHSEED=0 pytest .*--seed 0 --subm", output, re.M)


def test_two_submissions_called_raft_have_names_of_their_own(graded, example, dictator):
    other = dictator(name="raft").path
    status, results, rows, _ = graded(example("raft"), other, *ONE_TEST, "--jobs", "1")
    assert status == 0
    assert len(results["runs"]) == 2
    names = [row["submission"] for row in rows]
    assert len(set(names)) == 2
    assert all(name.endswith("/raft") for name in names)


def test_the_number_of_processes_changes_nothing_but_the_cpu_time(
    graded, example, dictator
):
    dictator(name="dictator")
    folder = dictator("def take(self, entry): pass", name="deaf").path.parent
    what = folder, example("raft"), "--tests", "basic_agreement", "--seeds", "2"
    _, alone, rows_alone, _ = graded(*what, "--jobs", "1")
    # The results now lie in the same folder, and are no submission.
    _, spread, rows_spread, _ = graded(*what, "--jobs", "2")
    for run in alone["runs"] + spread["runs"]:
        assert run.pop("cpu_s") >= 0
    assert alone == spread
    assert rows_alone == rows_spread
    assert len(alone["runs"]) == 6


@pytest.mark.parametrize(("percent", "expected"), [("66.6", 0), ("66.7", 1)])
def test_fail_under(graded, dictator, percent, expected):
    # A leader, worth 6 points, but no agreement, worth 3.
    deaf = dictator("def take(self, entry): pass")
    status, _, (row,), output = graded(
        deaf.path, "--tests", "basic_agreement or initial_election", "--fail-under",
        percent, "--jobs", "1",
    )  # fmt: skip
    assert (row["points"], row["points_max"]) == ("6", "9")
    assert status == expected
    assert ("below --fail-under 66.7: fake (66.67 %)" in output) == bool(expected)


# Wrong usage.


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["/no/such/place"], "/no/such/place does not exist"),
        ([], "the following arguments are required: SUBMISSION"),
        (["RAFT", "--parts", "2A,9Z"], "no part 9Z; there are 2A, 2B, 2C, 2D"),
        (["RAFT", "--tests", "no_such_test"], "no graded test matches 'no_such_test'"),
        (["RAFT", "--tests", "a and"], "'a and' is not an expression"),
        (["RAFT", "--seeds", "0"], "--seeds: '0' is not a whole number from 1 on"),
        (["RAFT", "--seed", "one"], "--seed: invalid int value: 'one'"),
        (["RAFT", "--seed", "-1"], "--seed: -1 is not a whole number from 0 to"),
        (["RAFT", "--seed", str(1 << 63)], "is not a whole number from 0 to"),
        (["RAFT", "--seeds", "10001"], "--seeds: 10001 is more than 10000"),
        (["--regrade", "x", "--seeds", "2"], "as it was: leave out --seeds"),
        (["--regrade", "x", "--fail-under", "2"], "leave out --fail-under"),
        (["RAFT", "--jobs", "-1"], "--jobs: '-1' is not a whole number from 1 on"),
        (["RAFT", "--fail-under", "all"], "'all' is not a number from 0 to 100"),
        (["RAFT", "--fail-under", "101"], "'101' is not a number from 0 to 100"),
        (["RAFT", "--no-such-option"], "unrecognized arguments: --no-such-option"),
        (["RAFT", "--out", "FILE"], "--out: cannot write to"),
        (["new"], "usage: grade.py new DIR"),
        (["new", "--help"], "usage: grade.py new DIR"),
    ],
)
def test_wrong_usage_ends_in_one_line(capsys, example, tmp_path, arguments, words):
    (tmp_path / "file").write_text("")
    stand_for = {"RAFT": str(example("raft")), "FILE": str(tmp_path / "file" / "x")}
    status = grade.main([stand_for.get(word, word) for word in arguments])
    said = capsys.readouterr()
    assert status == 2
    assert said.out == ""
    (line,) = said.err.splitlines()
    assert line.startswith("grade.py: ")
    assert words in line


def test_the_readme_has_every_option_and_no_other(capsys, project):
    with pytest.raises(SystemExit):
        grade.main(["--help"])
    named = set(re.findall(r"--[a-z][a-z-]+", capsys.readouterr().out))
    readme = (project / "README.md").read_text()
    section = readme.partition("## Grading")[2].partition("\n## ")[0]
    assert set(re.findall(r"--[a-z][a-z-]+", section)) == named - {"--help"}


# Processes that die, and Ctrl-C.


@pytest.fixture
def sabotage(monkeypatch):
    """Return a function that does something around giving the n-th job."""
    real_give = pool.GradingProcess.give

    def install(number, before=None, after=None):
        given = []

        def give(process, job):
            given.append(job)
            if len(given) == number and before:
                before(process.process)
            real_give(process, job)
            if len(given) == number and after:
                after(process.process)

        monkeypatch.setattr(pool.GradingProcess, "give", give)

    return install


def test_a_process_that_dies_costs_its_submission_nothing(graded, dictator, sabotage):
    # Stopped first, so that it cannot answer before it is killed.
    sabotage(
        3,
        before=lambda process: process.send_signal(signal.SIGSTOP),
        after=lambda process: process.kill(),
    )
    tests = "--tests", "2A and not many"
    status, results, (row,), output = graded(dictator().path, *tests, "--jobs", "1")
    assert status == 0
    assert verdicts(results) == {
        ("fake", "test_initial_election", 0): "passed",
        ("fake", "test_re_election", 0): "unknown",
    }
    unknown = results["runs"][1]
    assert unknown["reason"] == "the grading process died during this run"
    assert "test_re_election" in unknown["replay"]
    assert (row["points"], row["points_max"], row["percent"]) == ("6", "6", "100.0")
    assert row["unknown_runs"] == "1"
    assert "unknown" in output


def test_a_process_that_dies_between_two_jobs_is_replaced(graded, dictator, sabotage):
    def end(process):
        process.kill()
        process.wait()

    sabotage(2, before=end)
    _, results, _, _ = graded(dictator().path, *ONE_TEST, "--seeds", "2", "--jobs", "1")
    assert {run["verdict"] for run in results["runs"]} == {"passed"}
    assert len(results["runs"]) == 2


def test_a_process_that_dies_while_it_loads_makes_all_unknown(
    graded, dictator, sabotage
):
    sabotage(1, after=lambda process: process.kill())
    what = dictator().path, *ONE_TEST, "--jobs", "1", "--fail-under", "60"
    status, results, (row,), _ = graded(*what)
    # Nor is it below what it needs, while it has no grade.
    assert status == 0
    (run,) = results["runs"]
    assert run["verdict"] == "unknown"
    assert run["reason"].endswith("died during this run, while it was loaded")
    assert results["submissions"][0]["load_error"] == ""
    assert (row["points"], row["points_max"]) == ("0", "0")


def test_a_call_into_c_that_does_not_return_is_the_submissions_fault(graded, dictator):
    # The stack is written in ASCII only.
    endless = dictator("def get_state(self): return sum(range(10**13)), True", "é").path
    _, results, (row,), _ = graded(endless, *ONE_TEST, "--jobs", "1")
    (run,) = results["runs"]
    assert run["verdict"] == "failed"
    assert "of CPU time without returning to Python" in run["reason"]
    assert "raft.py:53 in get_state" in run["evidence"]
    assert "return sum(range(10**13)), True" in run["evidence"]
    assert row["points"] == "0"


def test_no_exception_makes_a_failure_unknown(graded, dictator):
    king = dictator("def get_state(self): raise KeyboardInterrupt").path
    _, results, (row,), _ = graded(king, *ONE_TEST, "--jobs", "1")
    (run,) = results["runs"]
    assert (run["verdict"], run["part"]) == ("failed", "2A")
    assert "KeyboardInterrupt (raft.py:53), in thread 'get_state()'" in run["reason"]
    assert (row["points"], row["points_max"]) == ("0", "6")


def test_no_process_outlives_its_pool():
    with pool.Pool(1) as processes:
        processes.add(pool.Job("/no/such/place", "nobody", "", 0))
        ((job, answer),) = processes.results()
        assert job.name == "nobody"
        assert isinstance(answer, Run)
        assert "does not exist" in answer.reason
        (process,) = processes._workers
        assert process.process.poll() is None
    assert process.process.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    ("signals", "expected"), [([signal.SIGINT], 130), ([signal.SIGTERM] * 2, 143)]
)
def test_who_is_stopped_keeps_what_is_done_and_leaves_the_rest_unknown(
    example, tmp_path, signals, expected
):
    command = [
        sys.executable, "-m", "grade", str(example("wrong_init")), str(example("raft")),
        "--tests", "basic_agreement", "--seeds", "5000", "--jobs", "1",
    ]  # fmt: skip
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE) as grader:
        assert grader.stdout is not None
        # The one that does not load is through, so thousands of runs are to come.
        first = next(line for line in grader.stdout if line.startswith(b"["))
        assert b"[1/2] wrong_init: 0 of 5000 runs" in first
        for number in signals:
            grader.send_signal(number)
            time.sleep(0.01)  # Or else the second one may be taken for the first.
        output = grader.stdout.read().decode()
    assert grader.returncode == expected
    assert "interrupted: the runs so far are kept, go on with --resume" in output
    results = json.loads((tmp_path / "grades/results.json").read_text())
    found = verdicts(results)
    assert len(found) == 10000
    assert {v for (name, *_), v in found.items() if name == "wrong_init"} == {"failed"}
    rest = [run for run in results["runs"] if run["submission"] == "raft"]
    assert rest[-1]["verdict"] == "unknown"
    assert rest[-1]["reason"].startswith("it has not run")
    assert {run["verdict"] for run in rest} <= {"passed", "unknown"}


def test_who_is_stopped_while_the_suite_is_collected_is_stopped(
    capsys, example, tmp_path, monkeypatch
):
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(pytest, "main", lambda *_, **__: pytest.ExitCode.INTERRUPTED)
    status = grade.main([str(example("raft")), "--out", str(tmp_path / "out")])
    assert status == 130
    assert "grade.py: interrupted" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGTERM) is before


# What is shown.


def test_on_a_terminal_no_color_is_heeded(example, tmp_path):
    ours, theirs = pty.openpty()
    grader = subprocess.Popen(
        [sys.executable, "-m", "grade", str(example("only_2a")), *ONE_TEST],
        cwd=tmp_path,
        stdout=theirs,
        env=os.environ | {"NO_COLOR": "1", "TERM": "xterm-256color"},
    )
    os.close(theirs)
    shown = b""
    try:
        while data := os.read(ours, 1 << 16):
            shown += data
    except OSError:  # How a terminal says that nobody writes to it any more.
        pass
    assert grader.wait() == 0
    assert b"1 of 1" in shown
    colours = re.findall(rb"\x1b\[[\d;]*m", shown)
    assert not [code for code in colours if re.search(rb"[34]\d", code)]


def test_no_escape_codes_reach_a_file(shell, example, tmp_path):
    done = shell(
        f"{sys.executable} -m grade {example('no_raft_class')} --tests election",
        tmp_path,
        TERM="xterm-256color",
    )
    assert done.returncode == 0
    assert "module raft defines no class Raft" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
