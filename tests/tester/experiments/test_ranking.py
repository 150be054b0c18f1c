"""Ranked candidates, and what becomes of them where the top rank misbehaves."""

from dataclasses import replace

import pytest

from tester.experiments.election_cluster import Replacement
from tester.experiments.plots import plot_means
from tester.experiments.ranking import (
    BOTH,
    CASES,
    DESIGNS,
    LOGS_DIFFER,
    NUMBERS,
    RANDOM,
    RANKS,
    all_contests,
    contest,
)
from tester.experiments.ranking_report import all_tables
from tester.experiments.trials import Measured, run_batch


def measured(design, case, **changes):
    setting = replace(contest(design, case), **{"trials": 6} | changes)
    return Measured(setting, run_batch(design.raft, setting, 0, 0))


@pytest.fixture(scope="module")
def undisturbed():
    """Return what each design needs where only the leader crashes."""
    return {design.name: measured(design, "the leader crashes") for design in DESIGNS}


@pytest.mark.slow
def test_ranks_alone_need_a_second_term_and_randomness_seldom_does(undisturbed):
    assert all(one.terms == 2 for one in undisturbed[RANKS.name].replacements)
    for design in (RANDOM, BOTH):
        assert undisturbed[design.name].split_share < 0.5


@pytest.mark.slow
@pytest.mark.parametrize("case", [case for case in CASES if CASES[case] is not None])
def test_a_top_rank_that_misbehaves_costs_time(undisturbed, case):
    assert measured(RANKS, case).mean_ms > 1.2 * undisturbed[RANKS.name].mean_ms


def test_who_does_not_wait_after_yielding_competes_again(undisturbed):
    impatient = {"body": "yield_s = 0", "trials": 3, "limit_ms": 500}
    slow = measured(RANKS, "the top rank is slow", **impatient)
    assert slow.mean_ms == float("inf")


@pytest.mark.slow
def test_to_yield_to_a_log_that_is_behind_is_in_vain():
    # Some trials are as quick, where the last entry is on the highest-ranked servers.
    means_ms = [
        measured(design, LOGS_DIFFER, trials=12, ineligible=2).mean_ms
        for design in (RANKS, NUMBERS)
    ]
    assert means_ms[1] > 1.2 * means_ms[0]


def test_every_curve_has_its_place_in_the_tables():
    trials = [Replacement(100.0, 1), Replacement(200.0, 2)]
    found = {
        graph: [Measured(setting, trials) for setting in settings]
        for graph, settings in all_contests().items()
    }
    text = all_tables(found)
    assert "| ranked + random | 2 | 150 | 150 | 200 | 50.0% | 1.5 |" in text
    assert text.count("| ranked |") == len(CASES) + 1
    assert text.count("| ranked, by the number alone |") == 1
    assert "| 75 | 150 | 150 | 150 |" in text


@pytest.mark.unmeasured
def test_the_waits_are_drawn_as_lines(tmp_path):
    file = tmp_path / "waits.svg"
    plot_means(file, [0, 75], {"a case": [300, 200]}, "A title", "a wait")
    assert "a case" in file.read_text()


def test_no_two_curves_share_their_trials():
    names = [s.name for settings in all_contests().values() for s in settings]
    assert len(names) == len(set(names))
