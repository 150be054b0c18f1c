"""grade.py from end to end, on sets that take a moment."""

import csv
import json
import re
import signal

import pytest

import grade
from tester.verdict import LoadResult
from tester.workers import effort, pool
from tester.workers.job import LoadJob

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
        with (out / "grades.csv").open(newline="", encoding="utf-8-sig") as file:
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_folder_in_which_some_do_not_load(graded, example, dictator):
    folder = dictator("def get_state(self): return 1, True", name="kings").path.parent
    dictator(name="dictator")
    dictator("1 +", name="typo")
    (folder / "empty").mkdir()
    status, results, rows, output = graded(
        folder, *ONE_TEST, "--jobs", "2", "--verbose"
    )
    assert status == 0
    by_name = {row["submission"]: row for row in rows}
    assert list(by_name) == ["dictator", "empty", "kings", "typo"]
    assert [row["points"] for row in rows] == ["6", "0", "0", "0"]
    assert {row["points_max"] for row in rows} == {"6"}
    assert by_name["kings"]["first_reason"].startswith("server 2 leads term 1, but no")
    assert by_name["empty"]["first_reason"] == "nothing was handed in"
    assert "syntax error in raft.py, line " in by_name["typo"]["first_reason"]
    found = results["submissions"]
    assert {entry["submission"]: entry["load_code"] for entry in found} == {
        "dictator": "",
        "empty": "nothing-handed-in",
        "kings": "",
        "typo": "syntax-error",
    }
    codes = {run["submission"]: run["code"] for run in results["runs"]}
    assert codes == {"dictator": "", "kings": "not-elected-by-majority"}
    for run in results["runs"]:
        assert run.keys() >= FIELDS
        assert (run["verdict"] == "passed") == (run["submission"] == "dictator")
        assert bool(run["reason"]) == (run["verdict"] == "failed")
    # A load error is printed with its line; a failure with its replay command.
    assert "1 +" in output
    assert re.search(r"^pytest .*--seed 0 --subm.* --hash-seed 0", output, re.M)


@pytest.mark.slow
def test_two_submissions_called_raft_have_names_of_their_own(graded, example, dictator):
    other = dictator(name="raft").path
    status, results, rows, _ = graded(example("raft"), other, *ONE_TEST, "--jobs", "1")
    assert status == 0
    assert len(results["runs"]) == 2
    names = [row["submission"] for row in rows]
    assert len(set(names)) == 2
    assert all(name.endswith("/raft") for name in names)


@pytest.mark.slow
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


# Processes that die.


@pytest.fixture
def sabotage(monkeypatch):
    """Return a function that does something around giving some jobs, by number."""
    real_give = pool.GradingProcess.give

    def install(*numbers, before=None, after=None):
        given = []

        def give(process, job):
            given.append(job)
            if len(given) in numbers and before:
                before(process.process)
            real_give(process, job)
            if len(given) in numbers and after:
                after(process.process)

        monkeypatch.setattr(pool.GradingProcess, "give", give)
        return given

    return install


def kill(process):
    process.kill()


def freeze(process):
    # So that it cannot answer before it is killed.
    process.send_signal(signal.SIGSTOP)


@pytest.mark.slow
def test_a_run_whose_process_dies_is_made_once_more_alone(graded, dictator, sabotage):
    given = sabotage(3, before=freeze, after=kill)
    tests = "--tests", "2A and not many"
    _, results, (row,), _ = graded(dictator().path, *tests, "--jobs", "1")
    # No dictator is re-elected.
    assert [run["verdict"] for run in results["runs"]] == ["passed", "failed"]
    assert [run["retried"] for run in results["runs"]] == [False, True]
    # Whatever else there is to do comes first; at last a picture is drawn.
    assert [getattr(job, "test", "") for job in given] == [
        "", "test_initial_election", "test_re_election", "test_re_election", "",
    ]  # fmt: skip
    assert row["unknown_runs"] == "0"


@pytest.mark.slow
def test_a_process_that_dies_again_costs_its_submission_nothing(
    graded, dictator, sabotage
):
    sabotage(3, 4, before=freeze, after=kill)
    tests = "--tests", "2A and not many"
    status, results, (row,), output = graded(dictator().path, *tests, "--jobs", "1")
    # What it has earned is open.
    assert status == 3
    assert verdicts(results) == {
        ("fake", "test_initial_election", 0): "passed",
        ("fake", "test_re_election", 0): "unknown",
    }
    unknown = results["runs"][1]
    assert unknown["reason"] == "the grading process died during this run"
    assert "test_re_election" in unknown["replay"]
    assert (row["points"], row["points_at_most"], row["points_max"]) == (
        "6",
        "13",
        "13",
    )
    assert row["unknown_runs"] == "1"
    assert "what was earned: fake (at least 6, at most 13 of 13 points)" in output


@pytest.mark.slow
def test_a_process_that_dies_between_two_jobs_is_replaced(graded, dictator, sabotage):
    def end(process):
        process.kill()
        process.wait()

    sabotage(2, before=end)
    _, results, _, _ = graded(dictator().path, *ONE_TEST, "--seeds", "2", "--jobs", "1")
    assert {run["verdict"] for run in results["runs"]} == {"passed"}
    assert len(results["runs"]) == 2


@pytest.mark.slow
def test_a_load_whose_process_dies_is_made_once_more(graded, dictator, sabotage):
    sabotage(1, after=kill)
    _, results, _, _ = graded(dictator().path, *ONE_TEST, "--jobs", "1")
    assert [run["verdict"] for run in results["runs"]] == ["passed"]


@pytest.mark.slow
def test_a_process_that_dies_while_it_loads_makes_all_unknown(
    graded, dictator, sabotage
):
    sabotage(1, 2, after=kill)
    what = dictator().path, *ONE_TEST, "--jobs", "1", "--fail-under", "60"
    status, results, (row,), output = graded(*what)
    # Nobody knows whether it reaches what it needs.
    assert status == 1
    assert "not known to reach --fail-under 60: fake (no verdict)" in output
    (run,) = results["runs"]
    assert run["verdict"] == "unknown"
    assert run["reason"].endswith("died during this run, while it was loaded")
    assert results["submissions"][0]["load_error"] == ""
    assert (row["points"], row["points_at_most"], row["points_max"]) == ("0", "6", "6")


@pytest.mark.slow
def test_a_call_into_c_that_does_not_return_is_the_submissions_fault(
    graded, dictator, set_in_children
):
    set_in_children("labrpc.machine.watchdog_timer", "CALL_CPU_S_MAX", 1.0)
    # The stack is written in ASCII only.
    endless = dictator("def get_state(self): return sum(range(10**13)), True", "é").path
    _, results, (row,), _ = graded(endless, *ONE_TEST, "--jobs", "1")
    (run,) = results["runs"]
    assert run["verdict"] == "failed"
    assert "of CPU time without returning to Python" in run["reason"]
    assert "raft.py:70 in get_state" in run["evidence"]
    assert "return sum(range(10**13)), True" in run["evidence"]
    assert row["points"] == "0"


@pytest.mark.slow
def test_no_exception_makes_a_failure_unknown(graded, dictator):
    king = dictator("def get_state(self): raise KeyboardInterrupt").path
    _, results, (row,), _ = graded(king, *ONE_TEST, "--jobs", "1")
    (run,) = results["runs"]
    assert (run["verdict"], run["part"]) == ("failed", "2A")
    assert "KeyboardInterrupt (raft.py:70), in thread 'get_state()'" in run["reason"]
    assert (row["points"], row["points_max"]) == ("0", "6")


def test_no_process_outlives_its_pool():
    with pool.Pool(1) as processes:
        processes.add(LoadJob(path="/no/such/place", name="nobody"))
        ((job, answer),) = processes.results()
        assert job.name == "nobody"
        assert isinstance(answer, LoadResult)
        assert "does not exist" in answer.reason
        (process,) = processes._workers
        assert process.process.poll() is None
    assert process.process.returncode == -signal.SIGKILL


SLEEPS = """
def get_state(self):
    import collections
    wake_up = collections._sys.modules["_thread"].allocate_lock()
    wake_up.acquire()
    wake_up.acquire()
"""


@pytest.mark.slow
def test_a_submission_that_sleeps_in_the_graders_process_has_failed(
    graded, dictator, monkeypatch
):
    monkeypatch.setattr(effort, "JOB_IDLE_S_MAX", 0.9)
    what = dictator(SLEEPS).path, *ONE_TEST, "--jobs", "1", "--isolation", "none"
    _, results, (row,), _ = graded(*what)
    (run,) = results["runs"]
    assert (run["verdict"], run["code"]) == ("failed", "hangs-in-c")
    assert run["reason"].startswith("the submission's process hung: it was idle for")
    assert "in get_state" in run["evidence"]
    assert row["points"] == "0"
