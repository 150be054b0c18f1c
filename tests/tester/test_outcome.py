"""The outcome of one test over its seeds."""

import pytest

from tester.outcome import TestOutcome, VerdictCounts, by_kind, by_test
from tester.verdict import Run, Verdict

PASSED, FAILED, UNKNOWN = Verdict.PASSED, Verdict.FAILED, Verdict.UNKNOWN


def a_run(seed=0, verdict=FAILED, reason="broken", test="test_x", part="2A"):
    return Run(
        submission="s", part=part, test=test, seed=seed, points=1, verdict=verdict,
        reason="" if verdict is PASSED else reason, cpu_s=0.5,
    )  # fmt: skip


# Counts.


@pytest.mark.parametrize(
    ("verdicts", "whole", "rate"),
    [
        ([], UNKNOWN, 0),
        ([UNKNOWN], UNKNOWN, 0),
        ([UNKNOWN, PASSED], UNKNOWN, 0),
        ([PASSED, FAILED, UNKNOWN], FAILED, 0.5),
        (
            [PASSED, PASSED, FAILED, FAILED, FAILED, PASSED, PASSED, PASSED],
            FAILED,
            0.375,
        ),
    ],
)
def test_verdicts_are_counted_and_unknown_ones_count_neither_way(verdicts, whole, rate):
    counts = VerdictCounts.of(verdicts)
    assert counts.total == len(verdicts)
    assert counts.judged == len(verdicts) - verdicts.count(UNKNOWN)
    assert (counts.verdict, counts.failure_rate) == (whole, rate)


def test_the_interval_is_wilsons():
    # Newcombe 1998, table I: 81 of 263, and 0 of 20.
    for failed, judged, interval in [(81, 263, (0.2553, 0.3662)), (0, 20, (0, 0.1611))]:
        counts = VerdictCounts(passed=judged - failed, failed=failed, unknown=7)
        assert counts.failure_interval_95 == pytest.approx(interval, abs=1e-4)
    assert VerdictCounts(unknown=3).failure_interval_95 == (0.0, 1.0)


# One test.


def test_the_first_failure_and_the_first_unknown_are_found():
    runs = [a_run(0, PASSED), a_run(1, UNKNOWN), a_run(2), a_run(3, UNKNOWN), a_run(4)]
    outcome = TestOutcome.of(runs)
    assert (outcome.part, outcome.test, outcome.verdict) == ("2A", "test_x", FAILED)
    assert outcome.first_failure is runs[2]
    assert outcome.first_unknown is runs[1]
    assert outcome.failures == [runs[2], runs[4]]
    assert outcome.cpu_s == 2.5
    passed = TestOutcome.of(runs[:1])
    assert (passed.first_failure, passed.first_unknown) == (None, None)


def test_a_run_that_is_not_kept_is_counted():
    outcome = TestOutcome("2A", "test_x")
    outcome.add(a_run(0, PASSED), keep=False)
    outcome.add(a_run(1))
    assert outcome.counts == VerdictCounts(passed=1, failed=1)
    assert [run.seed for run in outcome.runs] == [1]
    assert outcome.cpu_s == 1.0


def test_reasons_that_differ_in_numbers_are_one_and_the_commonest_comes_first():
    runs = [
        a_run(9, reason="index 3 lost"),
        a_run(5, UNKNOWN, reason="the process died"),
        a_run(4, reason="index 12 lost"),
        a_run(1, PASSED),
    ]
    found = TestOutcome.of(runs).reasons()
    assert [(run.seed, count) for run, count in found] == [(4, 2), (5, 1)]


# Many tests.


def test_runs_are_put_together_by_test_and_by_reason():
    runs = [
        a_run(0, test="test_b"),
        a_run(1, test="test_a", part="2B"),
        a_run(2, test="test_b", reason="term 7"),
        a_run(3, test="test_b", reason="term 8"),
    ]
    outcomes = by_test(runs)
    assert [(o.part, o.test, o.counts.total) for o in outcomes] == [
        ("2A", "test_b", 3),
        ("2B", "test_a", 1),
    ]
    assert {kind: len(found) for kind, found in by_kind(runs).items()} == {
        "broken": 2,
        "term #": 2,
    }
