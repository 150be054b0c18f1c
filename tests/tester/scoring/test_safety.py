"""The safety record of a grade, and what a rubric's caps leave of the points."""

import pytest

from tester.codes import ALL_CODES
from tester.scoring.grades import Grade, grade_tests
from tester.scoring.safety import safety_record
from tester.verdict import Run, Verdict

PASSED, FAILED, UNKNOWN = Verdict.PASSED, Verdict.FAILED, Verdict.UNKNOWN


def a_run(code="", seed=0, test="test_a", part="2A", hidden=False, points=10):
    return Run(
        submission="s", part=part, test=test, seed=seed, points=points, code=code,
        verdict=FAILED if code else PASSED, hidden=hidden,
    )  # fmt: skip


def recorded(*runs):
    return [(b.code.name, b.run.test, b.run.seed) for b in safety_record(runs)]


def test_each_property_is_recorded_with_its_first_run():
    assert recorded(
        a_run("no-leader"),
        a_run("two-leaders", seed=3),
        a_run("two-leaders", seed=4),
        a_run("term-fell", test="test_b", part="2C"),
        a_run("two-leaders", test="test_b", part="2C"),
    ) == [("two-leaders", "test_a", 3), ("term-fell", "test_b", 0)]


def test_a_public_seed_is_named_before_a_hidden_one():
    assert recorded(
        a_run("two-leaders", seed=10**9, hidden=True),
        a_run("two-leaders", seed=1, test="test_b"),
    ) == [("two-leaders", "test_b", 1)]


def test_a_property_is_named_with_its_place_in_the_paper():
    (breach,) = safety_record([a_run("not-elected-by-majority")])
    assert breach.property == "Election Safety (section 5.2)"


def test_only_failures_that_are_known_count():
    unknown = a_run("two-leaders")
    unknown.verdict = UNKNOWN
    assert recorded(unknown, a_run("no-agreement"), a_run("of-a-later-version")) == []


def test_what_the_fakes_break_is_on_record():
    breaks = {name for name, code in ALL_CODES.items() if code.breaks}
    assert breaks >= {
        "two-leaders", "not-elected-by-majority", "leader-without-majority",
        "term-fell", "applied-differently", "overwritten-by-leader",
        "leader-lacks-committed", "not-stored-by-majority", "applied-out-of-order",
        "committed-without-majority", "committed-lost", "snapshot-went-back",
    }  # fmt: skip
    assert not breaks & {"no-leader", "no-agreement", "not-caught-up", "deadlock"}


# Two parts of which the first may be capped: 30 of 40 points without a cap.
def graded(code, cap=None, part_cap=None, extra=False):
    first = [a_run(), a_run(test="test_b"), a_run(code, test="test_c")]
    second = [a_run(test="test_d", part="2B")]
    tests = [
        *grade_tests(first, safety_cap=part_cap, extra=extra),
        *grade_tests(second),
    ]
    return Grade("s", "/s", tests, safety_cap=cap)


@pytest.mark.parametrize(
    ("code", "cap", "part_cap", "parts", "points"),
    [
        ("two-leaders", None, None, [20, 10], 30),
        ("two-leaders", 0.5, None, [20, 10], 20),
        ("two-leaders", 0, None, [20, 10], 0),
        ("two-leaders", 0.9, None, [20, 10], 30),
        ("two-leaders", None, 0.5, [15, 10], 25),
        ("two-leaders", None, 0, [0, 10], 10),
        ("two-leaders", 0.5, 0.5, [15, 10], 20),
        ("no-leader", 0.5, 0.5, [20, 10], 30),
    ],
)
def test_a_cap_limits_what_broke_a_property(code, cap, part_cap, parts, points):
    grade = graded(code, cap, part_cap)
    assert (list(grade.parts.values()), grade.points) == (parts, points)
    assert grade.points_max == 40
    assert grade.percent == points / 0.4
    # What each test has earned is not touched.
    assert [test.points for test in grade.tests] == [10, 10, 0, 10]


def test_extra_points_are_capped_with_the_others():
    grade = graded("two-leaders", cap=0.5, extra=True)
    assert (grade.points, grade.points_max) == (5, 10)


def test_a_parts_cap_is_stated_with_its_policy():
    policies = [part.policy for part in graded("", part_cap=0.25).part_grades]
    cap = "at most 25 % of the points if any run breaks a safety property"
    assert policies[0].endswith(f"; {cap}")
    assert "safety" not in policies[1]
