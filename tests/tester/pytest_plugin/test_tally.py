"""Many seeds: how they are counted, kept and recorded."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from labrpc.submission.submission import Submission
from tester.judging.run import Recording, graded_run, run_test
from tester.judging.run_conditions import RunConditions
from tester.judging.suite import collect
from tester.outcome import VerdictCounts
from tester.pytest_plugin.failure_store import (
    DIRECTORY,
    KEPT_PER_TEST_MAX,
    FailureStore,
    told,
)
from tester.pytest_plugin.tally import Tally, markdown, reasons
from tester.verdict import Run, Verdict

from ..conftest import environment_of_child

ROOT = Path(__file__).resolve().parents[3]
BROKEN = ROOT / "tests" / "submissions" / "counts_older_terms"


def a_run(seed=0, verdict=Verdict.FAILED, reason="broken", **fields):
    return Run(
        submission="s", part="2A", test="test_x", seed=seed, points=1,
        verdict=verdict, reason="" if verdict is Verdict.PASSED else reason, **fields,
    )  # fmt: skip


def test_reasons_that_differ_only_in_numbers_are_one_with_the_first_seed():
    tally = Tally()
    tally.add([a_run(9, reason="index 3 lost"), a_run(4, reason="index 12 lost")])
    tally.add([a_run(1, reason="no leader"), a_run(2, Verdict.PASSED)])
    lines = [line for line in reasons(tally) if not line.startswith("  replay")]
    assert lines == [
        "test_x: 2 failed, first at seed 4: index 12 lost",
        "test_x: 1 failed, first at seed 1: no leader",
    ]


def test_unknown_runs_are_counted_but_not_in_the_rate():
    tally = Tally()
    tally.add([a_run(0), a_run(1, Verdict.UNKNOWN), a_run(2, Verdict.PASSED)])
    test = tally.tests["test_x"]
    assert test.counts == VerdictCounts(passed=1, failed=1, unknown=1)
    assert "1 unknown" in tally.summary()


def test_the_seconds_of_real_time_are_not_called_virtual():
    for real_time, words in (
        (False, "virtual seconds"),
        (True, "seconds of real time"),
    ):
        tally = Tally(real_time=real_time)
        tally.add([a_run(0, Verdict.PASSED, virtual_s=7.0)])
        assert f"; 7 {words}, " in tally.summary()


def test_an_unknown_run_is_tried_once_more_and_says_so(monkeypatch):
    (test,) = collect(expression="test_initial_election")
    verdicts = iter([Verdict.UNKNOWN, Verdict.PASSED])
    monkeypatch.setattr(
        "tester.judging.run.run_test",
        lambda *args: a_run(0, next(verdicts), "lab broke"),
    )
    run = graded_run(RunConditions(Submission.find(ROOT / "raft"), test, 0))
    assert run.passed
    assert run.retried
    tally = Tally()
    tally.add([run])
    assert "1 tried twice" in tally.summary()


def test_a_failed_run_is_never_tried_again(monkeypatch):
    (test,) = collect(expression="test_initial_election")
    tries = []
    monkeypatch.setattr(
        "tester.judging.run.run_test", lambda *args: tries.append(1) or a_run(0)
    )
    assert (
        graded_run(RunConditions(Submission.find(ROOT / "raft"), test, 0)).verdict
        == "failed"
    )
    assert len(tries) == 1


def test_the_markdown_summary_has_rates_reasons_and_replays():
    tally = Tally()
    tally.add([a_run(3, reason="lost | <b> ```", replay="pytest x --seed 3")])
    tally.add([a_run(4, Verdict.PASSED)])
    text = markdown(tally, "Raft lab: s")
    assert "| 2A | test_x | 2 | 1 | 50.00 % | 9.45 to 90.55 % |" in text
    assert "````text\nlost | <b> ```\n````" in text
    assert "```text\npytest x --seed 3\n```" in text


# Kept failures.


@pytest.fixture
def submission(tmp_path):
    (tmp_path / "raft.py").write_text("class Raft: pass\n")
    return Submission.find(tmp_path)


def changed(submission):
    file = submission.path / "raft.py"
    file.write_text(file.read_text() + "\n# changed\n")
    return Submission.find(submission.path)


def test_a_failure_is_kept_and_found_again(submission, tmp_path):
    directory = tmp_path / "kept"
    FailureStore(directory, submission).note(a_run(17))
    store = FailureStore(directory, submission)
    assert store.kept("test_x") == [17]
    assert store.kept("test_y") == []
    (file,) = directory.iterdir()
    kept = json.loads(file.read_text())
    assert kept["reason"] == "broken"
    assert kept["digest"] == submission.digest


def test_what_was_kept_elsewhere_is_found_in_another_checkout(tmp_path):
    for checkout in ("ci", "home"):
        (tmp_path / checkout).mkdir()
        (tmp_path / checkout / "raft.py").write_text("class Raft: pass\n")
    there, here = (Submission.find(tmp_path / name) for name in ("ci", "home"))
    FailureStore(there.path / DIRECTORY, there).note(a_run(17))
    shutil.copytree(there.path / ".lab", here.path / ".lab")
    assert FailureStore(here.path / DIRECTORY, here).kept("test_x") == [17]
    assert FailureStore(here.path / DIRECTORY, there).kept("test_x") == []


def test_a_kept_seed_that_passes_twice_after_a_change_is_fixed(submission, tmp_path):
    directory = tmp_path / "kept"
    FailureStore(directory, submission).note(a_run(17))
    repaired = changed(submission)
    for passes in (1, 2):
        store = FailureStore(directory, repaired)
        store.note(a_run(17, Verdict.PASSED))
        assert bool(store.fixed) == (passes == 2)
        assert store.kept("test_x") == ([17] if passes == 1 else [])


def test_two_passes_in_one_session_are_one(submission, tmp_path):
    directory = tmp_path / "kept"
    FailureStore(directory, submission).note(a_run(17))
    store = FailureStore(directory, changed(submission))
    for _ in range(3):
        store.note(a_run(17, Verdict.PASSED))
    assert store.fixed == []
    assert store.kept("test_x") == [17]


def test_seeds_that_are_fixed_are_told_together(submission, tmp_path):
    directory = tmp_path / "kept"
    FailureStore(directory, submission).note(a_run(3, reason="no leader"))
    for seed in (17, 18):
        FailureStore(directory, submission).note(a_run(seed, reason=f"{seed} lost"))
    repaired = changed(submission)
    for _ in range(2):
        store = FailureStore(directory, repaired)
        for seed in (3, 17, 18):
            store.note(a_run(seed, Verdict.PASSED))
    assert told(store.fixed) == [
        "test_x seed 3: no leader",
        "test_x seeds 17, 18: 17 lost",
    ]


def test_a_failure_between_two_passes_starts_the_count_again(submission, tmp_path):
    directory = tmp_path / "kept"
    store = FailureStore(directory, submission)
    store.note(a_run(17))
    repaired = FailureStore(directory, changed(submission))
    repaired.note(a_run(17, Verdict.PASSED))
    repaired.note(a_run(17))
    again = FailureStore(directory, changed(submission))
    again.note(a_run(17, Verdict.PASSED))
    assert again.kept("test_x") == [17]


def test_a_kept_seed_that_passes_without_a_change_is_puzzling(submission, tmp_path):
    store = FailureStore(tmp_path / "kept", submission)
    store.note(a_run(17))
    store.note(a_run(17, Verdict.PASSED))
    assert store.puzzling
    assert store.kept("test_x") == [17]


def test_only_so_many_failures_of_one_test_are_kept(submission, tmp_path):
    store = FailureStore(tmp_path / "kept", submission)
    for seed in range(3 * KEPT_PER_TEST_MAX):
        store.note(a_run(seed))
    assert store.kept("test_x") == list(range(KEPT_PER_TEST_MAX))


def test_failures_of_another_submission_and_damaged_files_are_passed_over(
    submission, tmp_path
):
    directory = tmp_path / "kept"
    store = FailureStore(directory, submission)
    store.note(a_run(17))
    (file,) = directory.iterdir()
    elsewhere = json.loads(file.read_text()) | {"path": "/elsewhere", "seed": 18}
    (directory / file.name.replace("17", "18")).write_text(json.dumps(elsewhere))
    (directory / file.name.replace("17", "19")).write_text("{ damaged")
    assert store.kept("test_x") == [17]


# The whole way, in processes of their own.


def lab(directory, *options):
    command = [sys.executable, "-m", "pytest", str(ROOT / "tests" / "lab2")]
    command += ["-p", "no:cacheprovider", "--submission", str(BROKEN), *options]
    return subprocess.run(
        command,
        cwd=directory,
        env=environment_of_child(),
        capture_output=True,
        text=True,
    )


def test_failing_seeds_are_tried_first_and_alone_with_lab_failed(tmp_path):
    k = ["-k", "test_figure_8 and not unreliable"]
    reports = ["--lab-summary", "summary.md", "--junitxml", "junit.xml"]
    first = lab(tmp_path, *k, "--seeds", "12", "-n", "2", "-q", *reports)
    assert "95 % interval" in first.stdout
    summary = (tmp_path / "summary.md").read_text()
    assert "| 2C | test_figure_8 | 12 |" in summary
    junit = (tmp_path / "junit.xml").read_text()
    for name in ("seed", "verdict", "reason", "replay", "virtual_s"):
        assert f'<property name="{name}"' in junit
    assert "first at seed" in first.stdout
    assert "(State Machine Safety, Figure 3)" in first.stdout
    kept = list((tmp_path / ".lab" / "failures").iterdir())
    assert kept

    again = lab(tmp_path, *k, "-v", "-x")
    order = [line for line in again.stdout.splitlines() if "::test_figure_8[" in line]
    assert "[kept-seed" in order[0]

    alone = lab(tmp_path, "--lab-failed", "-q")
    assert f"of {len(kept)} runs passed" in alone.stdout


def test_for_runs_fresh_seeds_until_the_time_is_up(tmp_path):
    done = lab(tmp_path, "-k", "test_initial_election", "--for", "1s", "-q")
    assert done.returncode == 0, done.stdout
    runs = int(done.stdout.rpartition(" runs passed")[0].split()[-1])
    assert runs > 1


def test_with_for_what_had_no_turn_is_skipped_not_passed(tmp_path):
    done = lab(tmp_path, "--for", "1s", "-rs")
    assert done.returncode == 0, done.stdout
    reports = re.search(r"(\d+) passed, (\d+) skipped in", done.stdout)
    passed, skipped = map(int, reports.groups())
    # An item takes half a second, if there is one.
    assert 1 <= passed <= 3
    rows = re.findall(r"^2\w +test_\w+ +[1-9]", done.stdout, re.M)
    assert len(rows) == passed
    told_why = re.findall(
        r"^SKIPPED \[(\d+)\] .*: (the time was .*)$", done.stdout, re.M
    )
    assert told_why == [(str(skipped), "the time was up before it had a turn")]
    assert f"{skipped} tests had no turn before the time was up" in done.stdout


def test_wrong_durations_end_in_one_line(tmp_path):
    done = lab(tmp_path, "--for", "soon")
    assert done.returncode == 4
    assert "--for takes a duration such as 90s, 10m or 8h, not 'soon'" in done.stderr


# Traces.


def test_a_trace_is_json_lines_with_the_digest_of_the_run(tmp_path):
    (test,) = collect(expression="test_basic_agreement")
    submission = Submission.find(ROOT / "raft")
    traced = run_test(
        RunConditions(submission, test, 3), recording=Recording(traces=tmp_path)
    )
    plain = run_test(
        RunConditions(submission, test, 3), recording=Recording(digest=True)
    )
    assert traced.digest == plain.digest != ""

    (file,) = tmp_path.iterdir()
    header, *steps, last = map(json.loads, file.read_text().splitlines())
    assert header["trace"] == 1
    assert (header["test"], header["seed"]) == ("test_basic_agreement", 3)
    assert last["digest"] == traced.digest
    assert last["steps"] == sum("event" in step for step in steps)
    times = [step["t"] for step in steps]
    assert times == sorted(times)
    applied = [
        action["message"][1]
        for step in steps
        for action in step.get("actions", [])
        if action["type"] == "Apply"
    ]
    assert sorted(set(applied)) == [100, 200, 300]


def test_a_trace_of_another_seed_has_another_digest(tmp_path):
    (test,) = collect(expression="test_basic_agreement")
    submission = Submission.find(ROOT / "raft")
    digests = {
        run_test(
            RunConditions(submission, test, s), recording=Recording(traces=tmp_path)
        ).digest
        for s in range(3)
    }
    assert len(digests) == 3


def test_the_documented_fields_are_those_of_the_frames():
    from labrpc.world import events

    documented = (ROOT / "docs" / "trace.md").read_text()
    for name in [
        "Boot",
        "Request",
        "Response",
        "Invoke",
        "Taken",
        "Wake",
        "Ready",
        "Call",
        "Reply",
        "Result",
        "Apply",
        "Persist",
        "Log",
        "Warn",
        "Crash",
    ]:
        fields = ", ".join(f"`{f}`" for f in getattr(events, name).__struct_fields__)
        assert f"| `{name}` | {fields} |".replace("  ", " ") in documented, name
