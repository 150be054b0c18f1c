import pytest

from tester.measuring.batch import Batch
from tester.measuring.labs import LABS
from tester.measuring.measured import GIVEN_UP, Measured, Summary
from tester.measuring.plan import TRIALS
from tester.verdict import Verdict


def test_a_summary_leaves_single_outliers_out_of_its_high_end():
    summary = Summary.of([float(n) for n in range(99, -1, -1)])
    assert (summary.samples, summary.least, summary.most) == (100, 0, 99)
    assert (summary.median, summary.mean, summary.high) == (49.5, 49.5, 98)
    assert Summary.of([3.0]).high == 3


def test_samples_come_in_the_order_of_the_batches_and_cpu_times_apart():
    measured = Measured("one")
    for latency in (2.0, 1.0):
        samples = {"commit_latency_ms": [latency], "cpu_ms_per_command": [latency]}
        measured.add(Batch(verdict=Verdict.PASSED, samples=samples))
    assert measured.samples == {"commit_latency_ms": [2.0, 1.0]}
    assert measured.cpu_ms_per_command == [2.0, 1.0]
    assert measured.problem_lines() == []
    assert measured.split_share is None
    assert measured.summary("downtime_ms") is None


def test_what_ended_a_batch_is_said_once():
    measured = Measured("one")
    for _ in range(2):
        measured.add(Batch(verdict=Verdict.FAILED, reason="no leader"))
    assert measured.problem_lines() == ["no leader (in 2 of the batches of trials)"]
    measured.given_up = True
    assert measured.problem_lines()[-1] == GIVEN_UP


@pytest.mark.parametrize("lab", LABS)
def test_all_trials_are_in_some_batch_and_no_seed_is_used_twice(lab):
    planned = list(LABS[lab].batches(TRIALS, 0))
    for probe, plan in LABS[lab].plans.items():
        assert sum(b.trials for b in planned if b.probe == probe) == plan.trials
    seeds = [(batch.probe, batch.seed) for batch in planned]
    assert len(set(seeds)) == len(seeds)
    others = {(batch.probe, batch.seed) for batch in LABS[lab].batches(TRIALS, 1)}
    assert not others & set(seeds)


def test_few_trials_are_at_least_one_of_each_probe():
    assert [batch.trials for batch in LABS[2].batches(1, 0)] == [1, 1, 1, 1]
    assert [batch.trials for batch in LABS[3].batches(1, 0)] == [1, 1, 1, 1, 1]
