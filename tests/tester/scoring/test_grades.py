"""From runs to points."""

from functools import reduce
from operator import add

import pytest

from tester.scoring.grades import NO_SEED_MAY_FAIL, Grade, grade_tests
from tester.verdict import Run, Verdict

PASSED, FAILED, UNKNOWN = Verdict.PASSED, Verdict.FAILED, Verdict.UNKNOWN


def runs(test, *verdicts, points=4, part="2A", submission="s"):
    """Return runs of one test, at seeds from 0 on."""
    return [
        Run(
            submission=submission, part=part, test=test, seed=seed, points=points,
            verdict=verdict, reason="" if verdict is PASSED else f"{verdict} at {seed}",
        )
        for seed, verdict in enumerate(verdicts)
    ]  # fmt: skip


# Points.


@pytest.mark.parametrize(
    ("verdicts", "points", "points_most", "earned"),
    [
        ([PASSED], 4, 4, "4 of 4"),
        ([PASSED, PASSED], 4, 4, "4 of 4"),
        ([FAILED], 0, 0, "0 of 4"),
        ([PASSED, FAILED, PASSED], 0, 0, "0 of 4"),
        # An unknown run may still pass or fail.
        ([UNKNOWN, PASSED], 0, 4, "0 to 4 of 4"),
        ([UNKNOWN, FAILED], 0, 0, "0 of 4"),
        ([UNKNOWN, UNKNOWN], 0, 4, "0 to 4 of 4"),
    ],
)
def test_a_test_earns_its_points_if_no_seed_failed(
    verdicts, points, points_most, earned
):
    (grade,) = grade_tests(runs("test_x", *verdicts))
    assert (grade.points, grade.points_most) == (points, points_most)
    assert (grade.points_max, grade.earned) == (4, earned)
    assert grade.outcome.counts.unknown == verdicts.count(UNKNOWN)
    assert grade.outcome.counts.passed == verdicts.count(PASSED)


def test_the_first_failing_seed_is_named_in_whatever_order_runs_came():
    (grade,) = grade_tests(reversed(runs("test_x", PASSED, UNKNOWN, FAILED, FAILED)))
    assert grade.outcome.first_failure is not None
    assert grade.outcome.first_failure.seed == 2
    assert grade.outcome.runs[0].seed == 0


def test_a_grade_is_the_sum_by_part_and_a_range_where_tests_are_unknown():
    grade = Grade(
        "s",
        "/s",
        grade_tests(
            [
                *runs("test_a", PASSED, points=6),
                *runs("test_b", FAILED, points=2),
                *runs("test_c", UNKNOWN, points=50),
                *runs("test_d", PASSED, points=3, part="2B"),
            ]
        ),
    )
    assert grade.parts == {"2A": 6, "2B": 3}
    assert (grade.points, grade.points_most, grade.points_max) == (9, 59, 61)
    assert grade.percent == pytest.approx(100 * 9 / 61)
    assert grade.percent_most == pytest.approx(100 * 59 / 61)
    assert grade.is_range
    assert grade.earned == "at least 9, at most 59 of 61 points"
    assert Grade("s", "/s", grade_tests(runs("test_c", UNKNOWN))).percent is None


def test_a_run_without_a_verdict_may_still_break_what_caps_the_points():
    tests = grade_tests([*runs("a", PASSED), *runs("b", UNKNOWN)], safety_cap=0.25)
    (part,) = Grade("s", "/s", tests).part_grades
    assert (part.points, part.points_most, part.points_max) == (2, 8, 8)
    grade = Grade("s", "/s", tests, safety_cap=0.125)
    assert (grade.points, grade.points_most) == (1, 8)


def test_what_a_part_is_worth_and_why_can_be_read_off_it():
    grade = Grade(
        "s",
        "/s",
        [
            *grade_tests([*runs("a", PASSED, points=6), *runs("b", FAILED, points=2)]),
            *grade_tests(runs("x", PASSED, points=3, part="2X"), extra=True),
        ],
    )
    usual, bonus = grade.part_grades
    assert (usual.name, usual.points, usual.points_max) == ("2A", 6, 8)
    assert (bonus.name, bonus.points, bonus.points_max) == ("2X", 3, 3)
    assert [part.extra for part in grade.part_grades] == [False, True]
    assert usual.policy == "each test earns its points if it fails at no seed"
    assert [test.outcome.test for test in usual.tests] == ["a", "b"]
    # The bonus is added, and not held against those who lack it.
    assert (grade.points, grade.points_max) == (9, 8)
    assert grade.percent == 112.5
    assert grade.parts == {"2A": 6, "2X": 3}


def test_sums_are_what_one_expects():
    ten = [run for n in range(10) for run in runs(f"test_{n}", PASSED, points=0.1)]
    grade = Grade("s", "/s", grade_tests(ten))
    # What floats do, if they are added one by one.
    assert reduce(add, (test.points for test in grade.tests)) != 1
    assert (grade.points, grade.points_max, grade.parts) == (1, 1, {"2A": 1})


def test_a_failure_that_anybody_can_replay_is_named_first():
    found = runs("test_x", FAILED, FAILED, FAILED)
    found[0].hidden = True
    (test,) = grade_tests(found)
    assert test.outcome.first_failure is not None
    assert test.outcome.first_failure.seed == 1
    assert [run.seed for run in test.outcome.runs] == [1, 2, 0]


def test_no_runs_no_tests():
    assert grade_tests([], NO_SEED_MAY_FAIL) == []
