"""Results that are not believed at once are tried again, alone, when all else is done."""

import pytest

from labrpc import codes
from tester.grading.grader import Grading
from tester.grading.plan import Plan
from tester.judging.graded_test import GradedTest
from tester.scoring.rubric_file import default_rubric
from tester.verdict import LoadResult, Run, Verdict
from tester.workers.job import RunJob

PASSED, FAILED, UNKNOWN = Verdict.PASSED, Verdict.FAILED, Verdict.UNKNOWN
LIMIT = codes.RUN_CPU_LIMIT.name


class FakePool:
    """Answers jobs at once: what becomes of a job's tries, `outcomes` says by name."""

    def __init__(self, outcomes):
        self._outcomes = outcomes
        self._jobs = []
        self.done = []

    def add(self, *jobs):
        self._jobs += jobs

    def drop(self, path, is_dropped):
        self._jobs = [j for j in self._jobs if j.path != path or not is_dropped(j)]

    def results(self):
        while self._jobs:
            job = self._jobs.pop(0)
            test = job.test if isinstance(job, RunJob) else "load"
            tries = self.done.count((job.name, test))
            self.done.append((job.name, test))
            outcomes = self._outcomes(job.name, test)
            verdict, code, cpu_s = outcomes[min(tries, len(outcomes) - 1)]
            if test == "load":
                yield job, LoadResult(submission=job.name, verdict=verdict, code=code)
            else:
                yield job, Run(
                    submission=job.name, part="2A", test=test, seed=job.seed, points=1,
                    verdict=verdict, code=code, cpu_s=cpu_s,
                )  # fmt: skip

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        pass


FINE = [(PASSED, "", 0.1)]


@pytest.fixture
def graded(monkeypatch, tmp_path):
    """Return a function that grades two submissions by tests a and b: runs, jobs done."""
    names = ["one", "two"]
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / "raft.py").write_text(f"class Raft: {name} = 1")
    tests = [
        GradedTest(name, "2A", 1, lambda cluster: None, tmp_path / "test.py", 3)
        for name in ("a", "b")
    ]

    def grade(outcomes, budget_s=None, done=(), seeds=(0,)):
        pool = FakePool(lambda name, test: outcomes.get((name, test), FINE))
        monkeypatch.setattr("tester.grading.grader.Pool", lambda processes: pool)
        paths = {name: tmp_path / name for name in names}
        rubric = default_rubric(tests, 0, len(seeds))
        plan = Plan(paths, tests, list(seeds), rubric, budget_s=budget_s)
        grading, reported = Grading(plan, done), []
        assert grading.make_runs(1, reported.append)
        runs = {
            (r.submission, r.test): r
            for n in names
            for r in grading.record.grade(n).runs
        }
        # Each is reported once, when nothing more will become of it.
        keys = {(run.submission, run.test, run.seed) for run in reported}
        assert len(keys) == len(reported)
        return runs, pool.done

    return grade


@pytest.mark.parametrize("verdict", [PASSED, FAILED, UNKNOWN])
def test_a_run_without_a_verdict_is_tried_again_when_all_else_is_done(graded, verdict):
    second = [(UNKNOWN, "lab-broke", 0.1), (verdict, "", 0.1)]
    runs, done = graded({("one", "a"): second})
    run = runs["one", "a"]
    assert (run.verdict, run.retried) == (verdict, True)
    assert done[-1] == ("one", "a")
    assert done.count(("one", "a")) == 2
    assert len(done) == 7


def test_loading_without_a_verdict_is_tried_again(graded):
    runs, done = graded({("one", "load"): [(UNKNOWN, "lab-broke", 0.1), *FINE]})
    assert {run.verdict for run in runs.values()} == {PASSED}
    assert done[-3:] == [("one", "load"), ("one", "a"), ("one", "b")]


def test_what_was_stopped_for_its_time_may_pass_alone(graded):
    runs, _ = graded({("one", "a"): [(FAILED, LIMIT, 120.0), *FINE]})
    run = runs["one", "a"]
    assert (run.verdict, run.retried) == (PASSED, True)


def test_once_it_is_shown_alone_the_tests_other_runs_are_believed(graded):
    twice = [(FAILED, LIMIT, 20.0)] * 3
    runs, done = graded({("one", "a"): twice, ("one", "b"): twice}, seeds=[0, 1])
    assert {key for key, run in runs.items() if run.verdict is FAILED} == {
        ("one", "a"), ("one", "b"),
    }  # fmt: skip
    # Those of another test are not: it may be on another machine.
    assert done[10:] == [("one", "a"), ("one", "b")]


def test_another_failure_is_believed_at_once(graded):
    runs, done = graded({("one", "a"): [(FAILED, "two-leaders", 0.1)]})
    assert not runs["one", "a"].retried
    assert len(done) == 6


def test_what_is_left_out_for_the_budget_is_made_if_the_second_try_is_cheap(graded):
    costly = [(FAILED, LIMIT, 120.0), *FINE, *FINE]
    runs, done = graded({("one", "a"): costly}, budget_s=100, seeds=[0, 1])
    assert {run.verdict for run in runs.values()} == {PASSED}
    assert done[-2:] == [("one", "a"), ("one", "a")]


def test_what_is_left_out_for_the_budget_has_failed_and_other_tests_go_on(graded):
    twice = [(FAILED, LIMIT, 120.0)] * 2
    runs, done = graded({("one", "a"): twice}, budget_s=100, seeds=[0, 1])
    assert (runs["one", "a"].verdict, runs["one", "a"].code) == (FAILED, "over-budget")
    assert runs["one", "b"].verdict is PASSED
    assert done.count(("one", "a")) == 2
    assert done.count(("one", "b")) == 2


def test_time_without_a_verdict_is_not_the_submissions(graded):
    lost = [(UNKNOWN, "process-lost", 120.0), *FINE, (UNKNOWN, "process-lost", 120.0)]
    runs, _ = graded({("one", "a"): lost}, budget_s=100, seeds=[0, 1])
    assert runs["one", "a"].verdict is PASSED


def test_a_grading_that_goes_on_tries_again_what_it_had_no_time_to(graded):
    def run(test, **more):
        return Run(submission="one", part="2A", test=test, seed=0, points=1,
                   verdict=FAILED, code=LIMIT, **more)  # fmt: skip

    shown = run("a", retried=True)
    shown.seed = 1
    runs, done = graded({}, done=[run("a"), shown], seeds=[0, 1])
    # Its like was shown alone: that is believed.
    assert runs["one", "a"].verdict is FAILED
    assert ("one", "a") not in done
    runs, done = graded({}, done=[run("a")])
    assert runs["one", "a"].verdict is PASSED
