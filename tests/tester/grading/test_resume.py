"""A grading that was stopped goes on; what was graded can be shown to repeat."""

import csv
import errno
import json
import os
import shutil
import subprocess
import sys
import time

import pytest

import grade
from tester import jsonl
from tester.cli.rubric_text import default_text
from tester.codes import PROCESS_LOST
from tester.errors import UsageError
from tester.grading import checkpoints, journal
from tester.grading.checkpoints import Checkpoints
from tester.grading.grader import Grading
from tester.grading.journal import Journal
from tester.grading.plan import Plan
from tester.judging.suite import collect
from tester.reports.results import results_json
from tester.scoring.rubric_file import default_rubric
from tester.text import counted
from tester.verdict import LoadResult, Run, Verdict
from tester.workers.engine import WorkerLost
from tester.workers.job import LoadJob
from tester.workers.pool import GradingProcess, Pool

WHAT = ["--tests", "initial_election or basic_agree", "--seeds", "3", "--jobs", "1"]
WHAT += ["--isolation", "none"]


@pytest.fixture
def folder(dictator, tmp_path):
    """Return a folder of three submissions: one passes, one fails, one does not load."""
    (tmp_path / "class").mkdir()
    dictator(name="class/1-good")
    dictator("def get_state(self): return 1, True", name="class/2-kings")
    return dictator("1 +", name="class/3-typo").path.parent


@pytest.fixture
def graded(folder, tmp_path, capsys):
    """Return a function that grades the folder: exit status, output, errors."""

    def run(*arguments, out="out", what=WHAT):
        status = grade.main(
            [str(folder), *what, "--out", str(tmp_path / out), *arguments]
        )
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


@pytest.fixture
def plan(folder):
    """Return a plan for the good one."""
    tests = collect(None, "initial_election or basic_agree")
    return Plan({"good": folder / "1-good"}, tests, range(3), default_rubric(tests))


def results(directory):
    """Return results.json, without what differs between equal runs, and grades.csv."""
    found = json.loads((directory / "results.json").read_text())
    for run in found["runs"]:
        del run["cpu_s"]
    return found, (directory / "grades.csv").read_text()


def lines(directory):
    """Return the journal's lines."""
    return (directory / journal.FILE).read_bytes().splitlines(keepends=True)


def stop_after(directory, runs, torn=b""):
    """Leave the journal as a grader that was killed leaves it."""
    kept = lines(directory)[: 1 + runs]
    (directory / journal.FILE).write_bytes(b"".join(kept) + torn)


def ignore(run):
    """Take a run, and do nothing."""


# Going on.


@pytest.mark.slow
def test_killed_and_resumed_it_comes_to_the_same(graded, folder, tmp_path):
    assert graded(out="whole")[0] == 0
    out = tmp_path / "out"
    command = [sys.executable, "-m", "grade", str(folder), *WHAT, "--out", str(out)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as grader:
        while not (out / journal.FILE).is_file() or len(lines(out)) < 4:
            assert grader.poll() is None
            time.sleep(0.01)
        grader.kill()
    made = len(journal.read(out).runs)
    found, _ = results(out)
    # The files are whole, and say what was not run.
    tests = [test for entry in found["submissions"] for test in entry["tests"]]
    assert sum(test["runs"] for test in tests) == 18
    assert {run["verdict"] for run in found["runs"]} >= {"unknown"}
    status, said, _ = graded("--resume")
    assert status == 0
    assert f"resumed after {counted(made, 'run')}" in said
    assert results(out) == results(tmp_path / "whole")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("runs", "torn"), [(0, b""), (5, b'{"run":{"submiss'), (5, b"\0\0\0\n")]
)
def test_a_torn_line_is_dropped(graded, tmp_path, torn, runs):
    graded()
    whole, written = results(tmp_path / "out"), lines(tmp_path / "out")
    stop_after(tmp_path / "out", runs, torn)
    assert graded("--resume")[0] == 0
    assert results(tmp_path / "out") == whole
    resumed = lines(tmp_path / "out")
    assert resumed[: 1 + runs] == written[: 1 + runs]
    assert len(resumed) == len(written)
    assert json.loads(resumed[-1]) == {"finished": True}


@pytest.mark.slow
def test_what_is_through_is_not_run_again(graded, tmp_path):
    graded()
    before = lines(tmp_path / "out")
    assert graded("--resume")[0] == 0
    assert lines(tmp_path / "out") == [*before, before[-1]]


@pytest.mark.slow
def test_a_journal_without_its_first_line_is_begun_anew(graded, tmp_path):
    graded()
    whole = results(tmp_path / "out")
    (tmp_path / "out" / journal.FILE).write_bytes(b'{"header":{"lab"')
    status, said, _ = graded("--resume")
    assert status == 0
    assert "a new grading begins" in said
    assert "resumed" not in said
    assert results(tmp_path / "out") == whole


@pytest.mark.slow
@pytest.mark.parametrize("option", ["--resume", "--seeds"])
def test_a_journal_of_another_version_is_refused(graded, tmp_path, option):
    (tmp_path / "out").mkdir()
    text = '{"header":{"version":1}}\n'
    (tmp_path / "out" / journal.FILE).write_text(text)
    status, _, said = graded(option, *(["2"] if option == "--seeds" else []))
    assert status == 2
    assert "is damaged, or another version of the lab has written it" in said
    assert (tmp_path / "out" / journal.FILE).read_text() == text
    assert graded("--fresh")[0] == 0


@pytest.mark.slow
def test_runs_that_came_to_no_verdict_are_made_again(plan):
    done = [LoadResult(submission="good", verdict=Verdict.PASSED)]
    done += [
        Run(
            submission="good",
            part="2A",
            test=plan.tests[0].name,
            seed=seed,
            points=6,
            verdict=v,
        )
        for seed, v in enumerate([Verdict.UNKNOWN, Verdict.FAILED])
    ]
    grading = Grading(plan, done)
    assert grading.make_runs(1, ignore)
    runs = {
        (run.test, run.seed): run.verdict for run in grading.record.grade("good").runs
    }
    assert runs.pop((plan.tests[0].name, 1)) is Verdict.FAILED
    assert len(runs) == 5
    assert set(runs.values()) == {Verdict.PASSED}


CHANGES = [
    (["--seeds", "4"], "different are the seeds (3 then, 4 now). Undo"),
    (["--seed", "1"], "the seeds (as many, but others)"),
    (["--tests", "initial_election"], "the tests (2 then, 1 now)"),
    (["--preempt"], "--preempt (False then, True now)"),
    (["--isolation", "process"], "--isolation (none then, process now)"),
    (["--budget", "7"], "--budget (135 s then, 7 s now)"),
    (["--rubric", "RUBRIC"], "the rubric"),
]


@pytest.mark.slow
def test_another_grading_does_not_go_on(graded, tmp_path):
    graded()
    stop_after(tmp_path / "out", 4)
    before = lines(tmp_path / "out")
    rubric = tmp_path / "rubric.toml"
    rubric.write_text(default_text(collect()).replace('"all"', '"share"'))
    for change, words in CHANGES:
        change = [str(rubric) if word == "RUBRIC" else word for word in change]
        status, _, said = graded("--resume", *change)
        assert status == 2
        assert words in said
        assert lines(tmp_path / "out") == before


@pytest.mark.slow
def test_changed_submissions_and_a_changed_lab_are_named(
    graded, folder, tmp_path, monkeypatch
):
    graded()
    with (folder / "2-kings" / "raft.py").open("a") as file:
        file.write("\n")
    monkeypatch.setattr("tester.grading.plan.lab_digest", lambda: "another")
    status, _, said = graded("--resume")
    assert status == 2
    assert "the submissions (2-kings)" in said
    assert "the lab itself" in said


@pytest.mark.slow
def test_unfinished_work_is_not_overwritten(graded, tmp_path):
    graded()
    stop_after(tmp_path / "out", 4)
    before = lines(tmp_path / "out")
    status, _, said = graded()
    assert status == 2
    assert "stopped after 3 runs: continue it with --resume, choose another" in said
    assert lines(tmp_path / "out") == before
    assert graded("--fresh")[0] == 0
    # What is finished may be.
    assert graded()[0] == 0
    assert graded("--resume", "--fresh")[0] == 2


def test_two_graders_do_not_write_to_one_place(graded, tmp_path):
    (tmp_path / "out").mkdir()
    other = Journal(tmp_path / "out")
    try:
        status, _, said = graded()
    finally:
        other.close()
    assert status == 2
    assert "another grading is writing to" in said


@pytest.mark.slow
def test_a_full_disk_stops_a_grading_which_then_goes_on(graded, tmp_path, monkeypatch):
    really_append = jsonl.Appender.append

    def append(self, record):
        if os.fstat(self.fd).st_size > 3_000:
            raise OSError(errno.ENOSPC, "No space left on device")
        really_append(self, record)

    with monkeypatch.context() as full:
        full.setattr(jsonl.Appender, "append", append)
        status, _, said = graded()
    assert status == 2
    assert "the disk failed: No space left on device" in said
    left = len(journal.read(tmp_path / "out").runs)
    assert left > 0
    status, said, _ = graded("--resume")
    assert status == 0
    assert f"resumed after {counted(left, 'run')}" in said


def test_a_place_that_cannot_be_written_or_read_is_named(graded, tmp_path):
    (tmp_path / "out" / journal.FILE).mkdir(parents=True)
    status, _, said = graded()
    assert status == 2
    assert f"--out: {tmp_path / 'out' / journal.FILE} is a link or no regular" in said
    assert grade.main(["regrade", "1-good", "--out", str(tmp_path / "out")]) == 2


# Files.


@pytest.mark.slow
def test_results_are_there_before_the_first_run_and_kept_up_to_date(
    plan, tmp_path, monkeypatch
):
    monkeypatch.setattr(checkpoints, "PAUSE_S_MIN", 0.0)
    grading = Grading(plan)
    saved = Checkpoints(tmp_path, grading)
    counts = []

    def notify(run):
        saved.update(run.submission)
        with (tmp_path / "grades.csv").open(newline="", encoding="utf-8-sig") as file:
            (row,) = csv.DictReader(file)
        counts.append(int(row["unknown_runs"]))

    (found, _) = results(tmp_path)
    assert {run["verdict"] for run in found["runs"]} == {"unknown"}
    assert grading.make_runs(1, notify)
    assert counts == [5, 4, 3, 2, 1, 0]


@pytest.mark.slow
def test_a_submissions_own_files_are_there_when_it_is_through(
    folder, tmp_path, monkeypatch
):
    monkeypatch.setattr(checkpoints, "PAUSE_S_MIN", 100.0)
    tests = collect(None, "initial_election")
    paths = {name: folder / name for name in ("1-good", "2-kings")}
    grading = Grading(Plan(paths, tests, range(2), default_rubric(tests)))
    saved = Checkpoints(tmp_path / "out", grading)
    there = []

    def notify(run):
        saved.update(run.submission)
        reports = sorted((tmp_path / "out").glob("submissions/*/report.md"))
        there.append([report.parent.name for report in reports])

    assert grading.make_runs(1, notify)
    assert there == [[], ["1-good"], ["1-good"], ["1-good", "2-kings"]]


@pytest.mark.slow
@pytest.mark.parametrize("how", [[], ["--fresh"], ["--resume"]])
def test_no_report_of_an_earlier_grading_is_left(graded, folder, tmp_path, how):
    graded()
    out = tmp_path / "out"
    (out / "submissions" / "2-kings" / "notes.txt").write_text("of a teacher")
    for name in ("2-kings", "3-typo"):
        shutil.rmtree(folder / name)
    if how == ["--resume"]:
        (out / journal.FILE).unlink()
    status, said, _ = graded(*how)
    assert status == 0
    left = sorted(path.name for path in (out / "submissions").iterdir())
    assert left == ["1-good", "2-kings"]
    assert f"the reports in {out}/submissions/2-kings are of an earlier" in said
    assert (f"nothing to resume in {out}: a new grading" in said) == ("--resume" in how)


def test_what_is_in_the_way_of_reports_is_named(graded, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "submissions").write_text("a list of them")
    status, _, said = graded()
    assert status == 2
    assert (
        f"--out: cannot write {tmp_path}/out/submissions: File exists: move it" in said
    )
    assert (tmp_path / "out" / "submissions").read_text() == "a list of them"


# The queue.


@pytest.mark.slow
def test_a_process_stays_with_its_submission_and_helps_out_when_it_is_done():
    with Pool(1) as pool:
        names = ["a", "b", "a", "b", "a"]
        pool.add(*[LoadJob(path=f"/no/{name}", name=name) for name in names])
        assert [job.name for job, _ in pool.results()] == ["a", "a", "a", "b", "b"]
    with Pool(2) as pool:
        pool.add(*[LoadJob(path="/no/a", name="a") for _ in range(6)])
        assert len(list(pool.results())) == 6
        assert [process.path for process in pool._workers] == ["/no/a", "/no/a"]


@pytest.mark.slow
def test_two_processes_begin_with_two_submissions(monkeypatch):
    given = []
    real_give = GradingProcess.give

    def give(process, job):
        given.append(job.name)
        real_give(process, job)

    monkeypatch.setattr(GradingProcess, "give", give)
    with Pool(2) as pool:
        pool.add(*[LoadJob(path=f"/no/{name}", name=name) for name in "aaaab"])
        assert len(list(pool.results())) == 5
    assert given[:2] == ["a", "b"]


@pytest.mark.slow
def test_tests_with_many_servers_or_much_to_do_come_first(folder):
    tests = collect(None, "initial_election or many_elections")
    assert [test.servers for test in tests] == [3, 7]
    order = []
    plan = Plan({"good": folder / "1-good"}, tests, range(1), default_rubric(tests))
    Grading(plan).make_runs(1, lambda run: order.append(run.test))
    assert order == ["test_many_elections", "test_initial_election"]
    # What it has cost so far counts for more than the number of servers.
    plan = Plan({"good": folder / "1-good"}, tests, range(2), default_rubric(tests))
    done = [
        Run(submission="good", part="2A", test=test.name, seed=0, points=1,
            verdict=Verdict.PASSED, cpu_s=1 / test.servers)
        for test in tests
    ]  # fmt: skip
    order.clear()
    Grading(plan, done).make_runs(1, lambda run: order.append(run.test))
    assert order == ["test_initial_election", "test_many_elections"]


# The budget.


@pytest.mark.slow
def test_what_is_over_the_budget_fails_and_the_others_go_on(graded, tmp_path, dictator):
    busy = "def get_state(self):\n    sum(range(10**7))\n    return 1, self.me == 0"
    dictator(busy, name="class/0-busy")
    what = [*WHAT, "--tests", "initial_election", "--seeds", "12", "--budget", "1"]
    status, said, _ = graded(what=what)
    assert status == 0
    found, _ = results(tmp_path / "out")
    runs = [run for run in found["runs"] if run["submission"] == "0-busy"]
    over = [run for run in runs if "budget of 1 s of CPU time" in run["reason"]]
    assert {(run["verdict"], run["code"]) for run in over} == {
        ("failed", "over-budget")
    }
    made = 12 - len(over)
    assert 0 < made < 12
    assert over[0]["reason"].endswith(f"was used up after {made} of 12 runs")
    assert "the costliest run took" in over[0]["evidence"]
    good = [run for run in found["runs"] if run["submission"] == "1-good"]
    assert {run["verdict"] for run in good} == {"passed"}
    # Going on comes to the same.
    assert graded("--resume", what=what)[0] == 0
    assert results(tmp_path / "out")[0] == found
    assert "0-busy" in said


@pytest.mark.slow
def test_time_that_the_lab_lost_costs_no_points(folder, monkeypatch):
    tests = collect(None, "initial_election")
    plan = Plan({"good": folder / "1-good"}, tests, range(1), default_rubric(tests))
    lost = WorkerLost(PROCESS_LOST, "the grading process hung", cpu_s=300.0)
    monkeypatch.setattr(
        "tester.workers.pool.GradingProcess.receive", lambda process: None
    )
    monkeypatch.setattr(
        "tester.workers.pool.GradingProcess.exit_cause", lambda process, job: lost
    )
    loaded = LoadResult(submission="good", verdict=Verdict.PASSED)
    grading = Grading(plan, [loaded])
    assert grading.make_runs(1, ignore)
    runs = grading.record.grade("good").runs
    assert {(run.verdict, run.reason) for run in runs} == {
        (Verdict.UNKNOWN, "the grading process hung")
    }


# Twins.


@pytest.mark.slow
def test_identical_submissions_are_run_once(folder, tmp_path):
    good = folder / "1-good"
    shutil.copytree(good, folder / "copy")
    shutil.copytree(good, folder / "data")
    (folder / "data" / "table.json").write_text("{}")
    paths = {name: folder / name for name in ("1-good", "copy", "data")}
    tests = collect(None, "initial_election")
    plan = Plan(paths, tests, range(2), default_rubric(tests))
    with_journal = Journal(tmp_path)
    with_journal.begin(plan.header())
    grading = Grading(plan, journal=with_journal)
    reported = []
    assert grading.make_runs(1, lambda run: reported.append(run.submission))
    with_journal.close()
    record = journal.read(tmp_path)
    assert {run.submission for run in record.runs} == {"1-good", "data"}
    assert sorted(reported) == ["1-good"] * 2 + ["copy"] * 2 + ["data"] * 2
    first, copy, data = grading.record.grades()
    assert (first.same_as, copy.same_as, data.same_as) == ("", "1-good", "")
    assert first.digest == copy.digest != data.digest
    found = json.loads(results_json([first, copy, data]))["submissions"]
    assert [row["same_as"] for row in found] == ["", "1-good", ""]
    assert copy.points == first.points == 6
    for run, original in zip(copy.runs, first.runs, strict=True):
        assert run.submission == "copy"
        assert run.digest == original.digest != ""
        assert str(folder / "copy") in run.replay
        assert str(good) not in run.replay


def test_a_module_and_a_package_of_one_text_are_not_the_same(folder):
    package = folder / "package" / "raft"
    package.mkdir(parents=True)
    shutil.copy(folder / "1-good" / "raft.py", package / "__init__.py")
    paths = {"module": folder / "1-good", "package": folder / "package"}
    found = Plan(paths, [], range(1), default_rubric(collect())).fingerprints
    assert found["module"] != found["package"]
    assert all(found.values())


@pytest.mark.unmeasured
def test_submissions_that_cannot_be_read_have_no_duplicates(folder):
    (folder / "x").mkdir()
    (folder / "y").mkdir()
    paths = {name: folder / name for name in ("x", "y")}
    tests = collect(None, "initial_election")
    plan = Plan(paths, tests, range(1), default_rubric(tests))
    assert [grade.same_as for grade in Grading(plan).record.grades()] == ["", ""]


# Regrading.


@pytest.fixture
def regraded(tmp_path, capsys):
    """Return a function that repeats a submission: exit status, output, errors."""

    def run(name):
        out = str(tmp_path / "out")
        status = grade.main(["regrade", name, "--out", out, "--jobs", "1"])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "runs"), [("1-good", 6), ("2-kings", 6), ("3-typo", 1)]
)
def test_a_submission_is_repeated_and_identical(graded, regraded, name, runs):
    graded()
    status, said, _ = regraded(name)
    assert status == 0
    assert f"{name}: {runs} of {runs} repeated runs are identical" in said
    assert "note:" not in said


@pytest.mark.slow
def test_a_duplicate_is_compared_with_the_runs_that_counted_for_it(
    graded, regraded, folder
):
    shutil.copytree(folder / "1-good", folder / "copy")
    graded()
    status, said, _ = regraded("copy")
    assert status == 0
    assert "copy: 6 of 6 repeated runs are identical" in said


CHANGED = [
    (b'"rpcs":', b'"rpcs":1', "rpcs was 1"),
    (b'"verdict":"passed"', b'"verdict":"failed"', "verdict was failed, is passed"),
    (b'"digest":"', b'"digest":"x', "digest was 'x"),
    (b'"virtual_s":', b'"virtual_s":1', "virtual_s was 1"),
]


@pytest.mark.slow
def test_what_differs_is_said(graded, regraded, tmp_path):
    graded()
    written = lines(tmp_path / "out")
    # The first line is what is graded, the second that it was loaded.
    for number, (then, now, _) in enumerate(CHANGED, start=2):
        assert written[number].count(then) == 1
        written[number] = written[number].replace(then, now)
    (tmp_path / "out" / journal.FILE).write_bytes(b"".join(written))
    status, said, _ = regraded("1-good")
    assert status == 1
    assert "1-good: 2 of 6 repeated runs are identical" in said
    differences = [line for line in said.splitlines() if " at seed " in line]
    assert len(differences) == len(CHANGED)
    for _, _, words in CHANGED:
        assert sum(words in line for line in differences) == 1


@pytest.mark.slow
def test_a_submission_that_has_changed_is_said_to_have(graded, regraded, folder):
    graded()
    with (folder / "1-good" / "raft.py").open("a") as file:
        file.write("\n    def get_state(self): return 1, True\n")
    status, said, _ = regraded("1-good")
    assert status == 1
    assert "note: its files are not those that were graded" in said


@pytest.mark.slow
def test_what_cannot_be_repeated_is_wrong_usage(graded, regraded, folder):
    assert "no grading stands in" in regraded("1-good")[2]
    (folder / "eve.zip").write_bytes(b"")
    graded()
    status, _, said = regraded("nobody")
    assert status == 2
    assert "has no submission 'nobody'; it has 1-good, 2-kings, 3-typo" in said
    assert "eve was not graded: eve.zip was refused" in regraded("eve")[2]
    shutil.rmtree(folder / "1-good")
    assert "1-good is no longer at" in regraded("1-good")[2]


# Nothing to grade.


@pytest.mark.unmeasured
def test_if_all_are_refused_the_status_says_so(tmp_path, capsys):
    (tmp_path / "eve.zip").write_bytes(b"damaged")
    out = tmp_path / "out"
    status = grade.main([str(tmp_path / "eve.zip"), *WHAT, "--out", str(out)])
    said = capsys.readouterr()
    assert status == 2
    assert "eve.zip was refused: it cannot be unpacked" in said.out
    assert "none of the submissions could be graded" in said.err
    (entry,) = results(out)[0]["submissions"]
    assert entry["load_code"] == "damaged-archive"
    assert [test["runs"] for test in entry["tests"]] == [3, 3]


def test_a_ledger_that_is_in_use_is_told_from_one_that_is_not(tmp_path):
    Journal(tmp_path).close()
    first = Journal(tmp_path)
    with pytest.raises(UsageError):
        Journal(tmp_path)
    first.close()
    Journal(tmp_path).close()
