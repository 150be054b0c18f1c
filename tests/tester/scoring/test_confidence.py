"""Stopping a test early: the interval holds what all seeds come to, but for the error."""

import itertools
from fractions import Fraction

import pytest

from tester.errors import UsageError
from tester.grading.pair import Pair
from tester.judging.suite import collect
from tester.reports.results import results_json
from tester.reports.student_report import student_markdown
from tester.scoring.confidence import (
    LOOKS,
    Confidence,
    failing_seeds,
    is_clear,
    sample,
)
from tester.scoring.policy import Policy
from tester.scoring.rubric_file import load_rubric
from tester.verdict import Run, Verdict

TENTH = Fraction(1, 10)
SURE = Confidence(0.99)
HALF = Policy("threshold", formula="1 if passed >= seeds / 2 else 0")


# The interval.


@pytest.mark.parametrize("seeds", [1, 2, 12, 25])
def test_the_probability_that_any_look_misses_is_at_most_the_error(seeds):
    """Exactly: over all orders in which the failing seeds may stand."""
    for failing in range(seeds + 1):
        # The probability of so many failures so far, without a miss yet.
        chances = {0: Fraction(1)}
        for judged in range(seeds):
            after = {}
            for failed, chance in chances.items():
                fails = Fraction(failing - failed, seeds - judged)
                for more, share in ((1, fails), (0, 1 - fails)):
                    least, most = failing_seeds(judged + 1, failed + more, seeds, TENTH)
                    if share and least <= failing <= most:
                        seen = after.get(failed + more, 0)
                        after[failed + more] = seen + chance * share
            chances = after
        assert 1 - sum(chances.values()) <= TENTH
        # At the end nothing is left open, and so no number is missed that got there.
        assert set(chances) <= {failing}


def test_the_interval_is_what_a_search_through_all_numbers_finds():
    seeds = 15
    for judged, failed in itertools.product(range(seeds + 1), repeat=2):
        if failed > judged:
            continue
        least, most = failing_seeds(judged, failed, seeds, TENTH)
        assert failed <= least <= most <= seeds - judged + failed
        # What is the likeliest is in it, and so is what a policy scales up to.
        if judged:
            assert least <= seeds * failed // judged <= most
        if judged == seeds:
            assert least == most == failed
    assert failing_seeds(0, 0, seeds, TENTH) == (0, seeds)


def test_more_seeds_and_less_certainty_narrow_it():
    def width(judged, error=TENTH):
        least, most = failing_seeds(judged, judged // 4, 400, error)
        return most - least

    assert width(40) > width(80) > width(200) > width(400) == 0
    assert width(80, Fraction(1, 100)) > width(80) > width(80, Fraction(1, 2))


def test_words():
    found = sample(Confidence(0.99), 100, 1, 400)
    least, most = found.passing
    assert 0 < least < 0.99 < most < 1
    assert found.words.endswith("% of 400 seeds, with an error of at most 1 %")
    assert sample(Confidence(0.9), 4, 1, 4).words == "75 % of 4 seeds"


# Stopping.


def stop(policy, verdicts, confidence=SURE):
    """Return after how many seeds a test is stopped."""
    for judged in range(1, len(verdicts) + 1):
        failed = verdicts[:judged].count("F")
        if is_clear(policy, confidence, len(verdicts), judged, failed):
            return judged
    raise AssertionError("it is never stopped")


def test_what_is_clear_takes_few_seeds_and_what_is_close_takes_many():
    assert stop(Policy(), "PPF" + "P" * 37) == 3
    # One seed that is left may fail: only all of them show that none does.
    assert stop(Policy(), "P" * 40) == 40
    passes, fails = stop(HALF, "P" * 100), stop(HALF, "F" * 100)
    assert 5 < passes < 15
    assert 5 < fails < 15
    assert stop(HALF, "PF" * 50) > 90
    assert stop(HALF, "P" * 100, Confidence(0.999)) > passes


def test_a_share_is_clear_within_what_may_differ():
    share = Policy("share")
    assert stop(share, "P" * 100) == 100
    assert stop(share, "P" * 100, Confidence(0.95, within=0.1)) < 60
    assert stop(share, "P" * 100, Confidence(0.95, within=0.02)) > 60


def test_many_seeds_are_looked_at_now_and_then():
    seeds = 10 * LOOKS
    looks = [
        n for n in range(1, 41) if is_clear(Policy(), Confidence(0.9), seeds, n, 1)
    ]
    assert looks == [10, 20, 30, 40]


# A pair.


def run(seed, verdict):
    return Run(
        submission="amy", part="2A", test="test_initial_election", seed=seed,
        points=1, verdict=verdict,
    )  # fmt: skip


def test_the_order_in_which_runs_come_in_does_not_decide_where_a_test_stops():
    (test,) = collect(None, "test_initial_election")
    verdicts = [Verdict.PASSED, Verdict.UNKNOWN, Verdict.FAILED, Verdict.FAILED]
    runs = [run(seed, verdict) for seed, verdict in enumerate(verdicts)]
    for order in itertools.permutations(runs):
        pair = Pair(test, range(6), 100.0, lambda judged, failed: failed > 0)
        for each in order:
            pair.keep(each)
        assert pair.is_clear
        assert not pair.is_over_budget
        assert pair.counted == runs[:3]
        assert (pair.missing, pair.spared) == ([], 3)
    # A second try may find that it went on.
    pair.keep(run(2, Verdict.PASSED))
    assert pair.counted == [*runs[:2], run(2, Verdict.PASSED), runs[3]]
    pair.keep(run(3, Verdict.PASSED))
    assert (pair.is_clear, pair.missing) == (False, [4, 5])


# In a rubric and in results.

RUBRIC = """
[seeds]
count = 40
[confidence]
level = 0.99
"""


@pytest.fixture
def rubric(tmp_path, suite):
    """Return a function that reads a rubric of this text."""

    def read(text):
        file = tmp_path / "rubric.toml"
        file.write_text(text)
        return load_rubric(file, suite)

    return read


def test_results_and_reports_say_what_the_seeds_show(rubric, suite):
    read = rubric(RUBRIC)
    assert read.rules.rubric(range(40), ()).confidence == Confidence(0.99)
    clear = read.clearness(suite[0])
    assert not clear(30, 0)
    assert clear(1, 1)
    name = suite[0].name
    runs = [run(seed, Verdict.PASSED) for seed in range(10)]
    runs.append(run(10, Verdict.FAILED))
    for each in runs:
        each.test = name
    grade = read.grade("amy", "/subs/amy", runs)
    assert grade.tests[0].sample.error == 0.01
    assert b'"share": 0.909091' in results_json([grade])
    assert b'"error": 0.01' in results_json([grade])
    said = student_markdown(grade).decode()
    assert "10 of 11 runs passed; no more were needed: it passes at" in said
    assert "40 seeds, with an error of at most 1 %" in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[confidence]\nwithin = 0.1", "needs a `level`, as in level = 0.99"),
        ("[confidence]\nlevel = 1.0", "level"),
        ("[confidence]\nlevel = 0.9\nwithni = 1", "did you mean within?"),
        (
            '[confidence]\nlevel = 0.9\n[parts.2B.policy]\nrule = "share"\nper = "part"',
            "part 2B is graded as a whole at each seed",
        ),
    ],
)
def test_a_rubric_that_cannot_stop_tests_is_refused(rubric, text, words):
    with pytest.raises(UsageError) as raised:
        rubric(text)
    assert words in str(raised.value)
