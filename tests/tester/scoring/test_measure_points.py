"""Points for what a Raft is like: thresholds, ranks, and mistakes in a rubric."""

import pytest

from tester.errors import UsageError
from tester.measuring.batch import Batch
from tester.measuring.measured import Measured
from tester.scoring.measure_points import measure_points, read_measure
from tester.scoring.toml_table import Table
from tester.verdict import Verdict

THRESHOLDS = "[downtime_ms]\npoints = 4\nfull = 400\nnone = 800\n"
RANK = "[downtime_ms]\npoints = 4\nrank = true\n"


def rules(text):
    return read_measure(Table.of_text(text, "rubric.toml"))


def points(text, *medians):
    measured = [Measured(f"s{n}", {"downtime_ms": [m]}) for n, m in enumerate(medians)]
    found = measure_points(rules(text), measured)
    return [found[one.name]["downtime_ms"] for one in measured]


def test_thresholds_give_points_in_proportion_between_them():
    assert points(THRESHOLDS, 300, 400, 500, 800, 900) == [4, 4, 3, 0, 0]
    assert points("[downtime_ms]\npoints = 4\nfull = 400\n", 400, 401) == [4, 0]


def test_ranks_give_the_best_all_and_the_last_nothing_and_equals_the_same():
    assert points(RANK, 500, 300, 400) == [0, 4, 2]
    assert points(RANK, 300, 300, 500) == [4, 4, 0]
    assert points(RANK, 300) == [4]


def test_the_statistic_is_the_rubrics():
    text = THRESHOLDS + 'statistic = "most"\n'
    measured = [Measured("one", {"downtime_ms": [300.0, 300.0, 800.0]})]
    assert measure_points(rules(text), measured) == {"one": {"downtime_ms": 0}}


def test_a_submission_that_failed_or_was_not_measured_earns_nothing():
    failed = Measured("failed", {"downtime_ms": [100.0]})
    failed.add(Batch(verdict=Verdict.FAILED, reason="no leader"))
    unknown = Measured("unknown", {"downtime_ms": [100.0]})
    unknown.add(Batch(verdict=Verdict.UNKNOWN, reason="the lab broke"))
    found = measure_points(rules(RANK), [failed, unknown, Measured("nothing")])
    assert [of["downtime_ms"] for of in found.values()] == [0, 4, 0]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[downtme_ms]\npoints = 1", "did you mean downtime_ms"),
        ("[downtime_ms]\nfull = 1", "`points` is missing"),
        ("[downtime_ms]\npoints = 1", "how are points earned"),
        ("[downtime_ms]\npoints = 1\nfull = 2\nnone = 1", "smaller is better"),
        ("[downtime_ms]\npoints = 1\nrank = true\nfull = 2", "contradict"),
        ('[downtime_ms]\npoints = 1\nfull = 2\nstatistic = "mode"', "no statistic"),
        ("[downtime_ms]\npoints = -1\nfull = 2", "must be"),
    ],
)
def test_a_mistake_is_reported_with_its_line(text, why):
    with pytest.raises(UsageError, match=rf"rubric\.toml, line \d.*{why}"):
        rules(text)
