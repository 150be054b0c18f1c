"""Many seeds: how they are counted and recorded, and how sessions run them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from labrpc.submission.submission import Submission
from tester.judging.run import graded_run
from tester.judging.run_conditions import RunConditions
from tester.judging.suite import collect
from tester.outcome import VerdictCounts
from tester.pytest_plugin.tally import Tally, markdown, reasons
from tester.verdict import Verdict

from ..conftest import environment_of_child
from .conftest import a_run

ROOT = Path(__file__).resolve().parents[3]
BROKEN = ROOT / "tests" / "submissions" / "counts_older_terms"


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


@pytest.mark.slow
def test_failing_seeds_are_tried_first_and_alone_with_lab_failed(tmp_path):
    k = ["-k", "test_figure_8 and not unreliable"]
    reports = ["--lab-summary", "summary.md", "--junitxml", "junit.xml"]
    first = lab(tmp_path, *k, "--seeds", "3", "-q", *reports)
    assert "95 % interval" in first.stdout
    summary = (tmp_path / "summary.md").read_text()
    assert "| 2C | test_figure_8 | 3 |" in summary
    junit = (tmp_path / "junit.xml").read_text()
    for name in ("seed", "verdict", "reason", "replay", "virtual_s"):
        assert f'<property name="{name}"' in junit
    assert "first at seed" in first.stdout
    assert "(State Machine Safety, Figure 3)" in first.stdout
    kept = list((tmp_path / ".lab" / "failures").iterdir())
    assert kept

    again = lab(tmp_path, *k, "-v", "-x")
    order = [line for line in again.stdout.splitlines() if "::test_figure_8[" in line]
    assert "FAILED" in order[0]

    alone = lab(tmp_path, "--lab-failed", "-q")
    assert f"of {len(kept)} runs passed" in alone.stdout


@pytest.mark.slow
def test_for_runs_fresh_seeds_until_the_time_is_up(tmp_path):
    done = lab(tmp_path, "-k", "test_initial_election", "--for", "1s", "-q")
    assert done.returncode == 0, done.stdout
    runs = int(done.stdout.rpartition(" runs passed")[0].split()[-1])
    assert runs > 1


@pytest.mark.slow
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
    assert told_why == [(str(skipped), "the time was up before its turn")]
    assert f"{skipped} of the tests did not run before the time was up" in done.stdout


@pytest.mark.slow
def test_wrong_durations_end_in_one_line(tmp_path):
    done = lab(tmp_path, "--for", "soon")
    assert done.returncode == 4
    assert "--for takes a duration such as 90s, 10m or 8h, not 'soon'" in done.stderr
