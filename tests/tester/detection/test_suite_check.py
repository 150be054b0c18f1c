"""Checking an instructor's suite: what speaks against a test, and what the table says."""

import re

import pytest

import grade
from tester.codes import CHECK_FAILED, LAB_BROKE, PROCESS_LOST
from tester.detection import suite_check
from tester.detection.mutants import find_mutants
from tester.detection.suite_check import (
    CorrectRaft,
    SuiteCheck,
    correct_rafts,
    found_by_lab,
    seldom,
)
from tester.errors import UsageError
from tester.intake.default_submission import REFERENCE
from tester.judging.own_suite import read_own_suite
from tester.judging.run import blank_run
from tester.verdict import Verdict, conclude
from tester.workers.engine import WorkerLost

SUITE = '''\
"""Part 9A: what is to be checked."""

import random

import pytest

from tester import codes

pytestmark = pytest.mark.part("9A")


@pytest.mark.points(1)
@pytest.mark.cluster(servers=3)
def test_sound(cluster):
    """What any Raft does."""
    cluster.one("a", 3)


@pytest.mark.points(1)
@pytest.mark.cluster(servers=3)
def test_wrong_expectation(cluster):
    """What no Raft does."""
    leader = cluster.check_one_leader()
    term, _ = cluster.get_state(leader)
    assert term == 0, f"the term is {term} after an election, not 0"


@pytest.mark.points(1)
@pytest.mark.cluster(servers=3)
def test_own_dice(cluster):
    """What no seed repeats."""
    cluster.sleep(random.random())
'''
MUTANT = "half_is_enough_to_commit"
ONLY_THE_REFERENCE = [CorrectRaft("reference", REFERENCE)]


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "suite"
    folder.mkdir()
    (folder / "test_checked.py").write_text(SUITE)
    return folder


@pytest.fixture
def tests(folder, suite):
    return read_own_suite(folder, suite).tests


@pytest.fixture
def fake_runs(tests, monkeypatch):
    """Return a function that puts `verdict_of` in place of processes that judge."""
    by_name = {test.name: test for test in tests}

    def run_of(job, verdict, again=""):
        run = blank_run(by_name[job.test], job.name, job.seed)
        run.digest = f"{job.path}/{job.test}/{job.seed}"
        run.cpu_s, run.replay = 0.5, "pytest …"
        if verdict is Verdict.FAILED:
            where = (
                "the terms of all\nin the scenario: test_own.py:9 in test_x: assert …"
            )
            conclude(run, verdict, CHECK_FAILED, "the term is 1, not 0", where)
        elif verdict is Verdict.UNKNOWN:
            conclude(run, verdict, LAB_BROKE, "the lab itself broke")
        if again:
            run.digest = again
        return run

    def fake(verdict_of, differs="test_own_dice"):
        class FakePool:
            def __init__(self, processes):
                self.jobs = []

            def add(self, *jobs):
                self.jobs += jobs

            def results(self):
                for job in self.jobs:
                    verdict = verdict_of(job)
                    lost = isinstance(verdict, WorkerLost)
                    yield job, verdict if lost else run_of(job, verdict)

            def __enter__(self):
                return self

            def __exit__(self, *exc):
                pass

        class FakeProcess:
            def __init__(self, hash_seed):
                assert hash_seed == suite_check.OTHER_HASH_SEED

            def give(self, job):
                self.job = job

            def receive(self):
                verdict = verdict_of(self.job)
                if isinstance(verdict, WorkerLost):
                    return None
                again = "another" if self.job.test == differs else ""
                return run_of(self.job, verdict, again)

            def exit_cause(self, job):
                return verdict_of(job)

            def stop(self):
                pass

        monkeypatch.setattr(suite_check, "Pool", FakePool)
        monkeypatch.setattr(suite_check, "GradingProcess", FakeProcess)

    return fake


@pytest.fixture
def checked(tests, fake_runs):
    """Return a function that checks the suite, with `verdict_of` in place of runs."""

    def check(verdict_of, correct=ONLY_THE_REFERENCE):
        fake_runs(verdict_of)
        made = SuiteCheck(tests, correct, find_mutants([MUTANT]), range(3), range(1))
        made.make_runs(1, lambda: None)
        return made.checks

    return check


def wrong_and_mutant(job):
    fails = job.test == "test_wrong_expectation" or job.name == MUTANT
    return Verdict.FAILED if fails else Verdict.PASSED


@pytest.mark.unmeasured
def test_a_sound_test_finds_mutants_and_no_correct_raft(checked):
    sound = checked(wrong_and_mutant)["test_sound"]
    assert (sound.passed, sound.alarms, sound.problem()) == (3, [], "")
    assert (sound.twice, sound.differing, sound.found) == (2, [], [MUTANT])
    assert sound.cpu_s_mean == 0.5


def test_a_test_that_every_correct_raft_fails_expects_something_wrong(checked):
    wrong = checked(wrong_and_mutant)["test_wrong_expectation"]
    assert len(wrong.alarms) == 3
    assert wrong.problem() == (
        "correct Rafts fail it in 3 of 3 runs: all of them, so it expects something wrong"
    )


def test_a_test_that_some_correct_raft_fails_asks_for_too_much(checked, tmp_path):
    other = CorrectRaft("other", tmp_path)
    found = checked(
        lambda job: Verdict.FAILED if job.name == "other" else Verdict.PASSED,
        [*ONLY_THE_REFERENCE, other],
    )
    assert (
        found["test_sound"]
        .problem()
        .startswith(
            "correct Rafts fail it in 3 of 6 runs (other): it expects what a correct Raft"
        )
    )


def test_a_test_that_draws_elsewhere_is_not_deterministic(checked):
    dice = checked(wrong_and_mutant)["test_own_dice"]
    assert dice.differing == [0, 1]
    assert "two runs of seed 0 differ: the test draws from something" in dice.problem()


def test_runs_without_a_verdict_speak_against_a_test(checked):
    lost = WorkerLost(PROCESS_LOST, "the grading process died during this run")
    for verdict in (Verdict.UNKNOWN, lost):
        sound = checked(
            lambda job, verdict=verdict: verdict if job.seed == 1 else Verdict.PASSED
        )
        assert len(sound["test_sound"].unknown) >= 1
        assert "came to no verdict" in sound["test_sound"].problem()
    hangs = WorkerLost(PROCESS_LOST, "it hung", is_submissions_fault=True)
    found = checked(lambda job: hangs if job.seed == 2 else Verdict.PASSED)
    assert len(found["test_sound"].alarms) == 1


def test_correct_rafts_of_the_same_name_are_not_mixed_up(checked, tmp_path):
    other = CorrectRaft("reference", tmp_path)
    found = checked(wrong_and_mutant, [*ONLY_THE_REFERENCE, other])
    assert (found["test_sound"].twice, found["test_sound"].differing) == (2, [])


def test_without_any_correct_raft_nothing_is_known(checked):
    assert (
        "no correct Raft was there"
        in checked(wrong_and_mutant, [])["test_sound"].problem()
    )


def test_the_correct_rafts_are_those_that_are_there(project, tmp_path):
    names = [raft.name for raft in correct_rafts(project, [])]
    assert names == [
        "reference", "polling", "asyncio_raft", "portions_of_10", "ranked_random", "everything",
    ]  # fmt: skip
    own = correct_rafts(tmp_path, [project / "tests/correct/plain"])
    assert [(raft.name, raft.has_bonus) for raft in own] == [
        ("reference", False),
        ("plain", True),
    ]
    with pytest.raises(UsageError, match="--correct: nowhere does not exist"):
        correct_rafts(
            tmp_path, [tmp_path.parent.joinpath("nowhere").relative_to(tmp_path.parent)]
        )


def test_what_the_labs_suite_finds_stands_in_the_page_on_detection(project, tmp_path):
    shares = found_by_lab(project)
    assert shares[MUTANT] == "100 %"
    assert shares["commits_without_last_new_entry"] == "0 %"
    assert found_by_lab(tmp_path) == {}
    assert [seldom(share) for share in ("100 %", "95 %", "0 %", "-", "")] == [
        False, True, True, False, False,
    ]  # fmt: skip


def test_the_command_names_what_is_not_fit_to_grade_by(
    folder, tmp_path, fake_runs, capsys
):
    fake_runs(wrong_and_mutant)
    command = ["check-suite", str(folder), "--seeds", "2", "--jobs", "1"]
    assert grade.main([*command, "--repository", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert "mutants is not there, so what the suite finds is not known" in said
    assert "2 tests not fit to grade by: test_wrong_expectation, test_own_dice" in said
    assert (
        "  reference at seed 0: the term is 1, not 0\n"
        "  in the scenario: test_own.py:9 in test_x: assert …\n"
        "  replay: pytest …"
    ) in said


@pytest.mark.unmeasured
def test_the_command_says_why_a_run_came_to_no_verdict(
    folder, tmp_path, fake_runs, capsys
):
    fake_runs(lambda job: Verdict.UNKNOWN if job.seed else Verdict.PASSED, differs="")
    command = ["check-suite", str(folder), "--seeds", "2", "--jobs", "1"]
    assert grade.main([*command, "--repository", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert "test_sound: 2 runs came to no verdict\n" in said
    assert "reference at seed 1: the lab itself broke\n  replay: pytest …" in said


@pytest.mark.slow
def test_the_command_says_what_the_labs_tests_do_not_find(
    folder, project, tmp_path, fake_runs, capsys
):
    fake_runs(wrong_and_mutant)
    (tmp_path / "tests").mkdir()
    (tmp_path / "docs").mkdir()
    for name in ("mutants", "correct"):
        (tmp_path / "tests" / name).symlink_to(project / "tests" / name)
    page = (project / "docs/detection.md").read_text()
    row = re.search(rf"^\| {MUTANT} \|.*", page, re.M)[0]
    page = page.replace(row, row.replace("100 %", "67 %"))
    (tmp_path / "docs" / "detection.md").write_text(page)
    command = ["check-suite", str(folder), "--jobs", "1", "--repository", str(tmp_path)]
    assert grade.main([*command, "--mutants", f"{MUTANT},second_vote"]) == 1
    said = capsys.readouterr().out
    assert "mutants found by tests without a fault: 1 of 2" in said
    assert f"do not always find: {MUTANT} (the lab: 67 % of the seeds)" in said
    fake_runs(lambda job: Verdict.PASSED, differs="")
    assert grade.main([*command, "--mutant-seeds", "0"]) == 0
    said = capsys.readouterr().out
    assert "nothing speaks against the suite: each test passed 20 runs or more" in said
    assert "15 % fail" in said


def test_a_suite_that_cannot_be_read_is_wrong_usage(folder, capsys):
    (folder / "test_checked.py").write_text("def test_x(cluster:")
    assert grade.main(["check-suite", str(folder)]) == 2
    assert "syntax error" in capsys.readouterr().err
