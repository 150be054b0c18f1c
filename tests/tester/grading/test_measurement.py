"""Measuring on several processes; here with a pool that is made up, and once for real."""

from pathlib import Path

import pytest

from tester.codes import LAB_BROKE
from tester.grading import measurement
from tester.grading.measurement import FAILED_BATCHES_MAX, MeasurementPlan, measure
from tester.judging.run_hosting import IN_PROCESS
from tester.measuring.batch import Batch
from tester.measuring.measured import GIVEN_UP
from tester.verdict import Verdict
from tester.workers.engine import WorkerLost

SUBMISSIONS = Path(__file__).resolve().parents[2] / "submissions"


class FakePool:
    """Answers jobs by a function; the last one that was added first."""

    answer = None

    def __init__(self, processes):
        self.jobs = []

    def add(self, *jobs):
        self.jobs += jobs

    def drop(self, path, is_dropped):
        self.jobs = [
            job for job in self.jobs if job.path != path or not is_dropped(job)
        ]

    def batches(self):
        while self.jobs:
            job = self.jobs.pop(0)
            yield job, type(self).answer(job)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


@pytest.fixture
def pool(monkeypatch):
    monkeypatch.setattr(measurement, "Pool", FakePool)
    return FakePool


def plan_of(*names, trials=200):
    paths = {name: Path(name) for name in names}
    return MeasurementPlan(paths, trials, 0, IN_PROCESS)


def test_batches_are_put_together_in_the_plans_order(pool):
    def answer(job):
        samples = {"downtime_ms": [float(job.seed)]}
        return Batch(verdict=Verdict.PASSED, samples=samples)

    pool.answer = answer
    done = []
    plan = plan_of("a", "b")
    first, second = measure(plan, 2, done.append)
    assert (first.name, second.name) == ("a", "b")
    assert first.samples["downtime_ms"] == [b.seed for b in plan.batches]
    assert sum(done) == plan.total


def test_a_submission_that_fails_again_and_again_is_given_up(pool):
    def answer(job):
        verdict = Verdict.FAILED if job.name == "bad" else Verdict.PASSED
        return Batch(verdict=verdict, reason="no leader")

    pool.answer = answer
    done = []
    plan = plan_of("bad", "good")
    bad, good = measure(plan, 1, done.append)
    assert bad.problems == {"no leader": FAILED_BATCHES_MAX}
    assert bad.problem_lines()[-1] == GIVEN_UP
    assert good.problem_lines() == []
    assert sum(done) == plan.total


def test_a_batch_that_comes_late_is_measured_before_the_rest_is_given_up(
    pool, monkeypatch
):
    def answer(job):
        return Batch(verdict=Verdict.FAILED, reason="no leader")

    def add(self, *jobs):
        first, *others = jobs
        # As after the loss of the machine that had it.
        self.jobs = [*others[:FAILED_BATCHES_MAX], first, *others[FAILED_BATCHES_MAX:]]

    pool.answer = answer
    monkeypatch.setattr(pool, "add", add)
    (measured,) = measure(plan_of("a"), 1, lambda _: None)
    assert measured.problems == {"no leader": FAILED_BATCHES_MAX}
    assert measured.given_up


@pytest.mark.parametrize("is_fault", [False, True])
def test_a_process_that_is_lost_is_a_problem_of_its_batch_only(pool, is_fault):
    def answer(job):
        if job.seed or job.probe != "elections":
            return Batch(verdict=Verdict.PASSED)
        return WorkerLost(LAB_BROKE, "it hung", is_submissions_fault=is_fault)

    pool.answer = answer
    (measured,) = measure(plan_of("a"), 1, lambda _: None)
    assert measured.problems == {"it hung": 1}
    assert not measured.given_up


@pytest.mark.slow
def test_real_processes_measure_what_loads_and_report_what_does_not():
    paths = {
        "polling": SUBMISSIONS / "polling",
        "broken": SUBMISSIONS / "syntax_error.py",
    }
    plan = MeasurementPlan(paths, 2, 0, IN_PROCESS)
    polling, broken = measure(plan, 1, lambda _: None)
    assert polling.problem_lines() == []
    assert len(polling.samples["downtime_ms"]) == 2
    assert len(polling.samples["recovery_ms"]) == 1
    assert broken.samples == {}
    assert "syntax error" in broken.problem_lines()[0]
