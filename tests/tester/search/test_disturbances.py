"""Disturbances: what happens to messages on their way, and between them."""

from random import Random

import pytest

from tester.search.arrivals import Arrivals
from tester.search.choices import Crash, Deliver, Duplicate, Lose, TimeOut
from tester.search.disturbances import (
    BETWEEN,
    FATES,
    Disturbances,
    pair,
    pairs_across,
)
from tester.search.episode_run import EpisodeRun
from tester.search.exhaustive import node_of


def drawn(seed, persistence=True):
    """Return what goes wrong in the run of a seed."""
    return Disturbances(Random(seed), persistence)


def kinds_of(disturbances):
    return set(disturbances._rates)


def test_runs_differ_in_what_goes_wrong_and_some_are_calm():
    kinds = [kinds_of(drawn(seed)) for seed in range(60)]
    assert set() in kinds
    assert set().union(*kinds) == {*FATES, *BETWEEN}
    assert {*FATES, *BETWEEN} not in kinds


def test_no_server_crashes_that_need_not_save_its_state():
    kinds = [kinds_of(drawn(seed, persistence=False)) for seed in range(60)]
    assert not set().union(*kinds) & {"crash", "death"}


def test_pairs_across_a_partition():
    assert pairs_across([0], 3) == {pair(0, 1), pair(2, 0)}
    assert pairs_across([], 3) == frozenset()


@pytest.fixture
def election(world_rules):
    """Return a world in which server 0 has just asked the others for their votes."""
    return node_of(world_rules(), [TimeOut(0)])


def next_of(election, kind, link=(0, 1)):
    """Return what happens next where messages between two servers are in trouble."""
    arrivals = Arrivals()
    arrivals.follow(election.state)
    for seed in range(200):
        disturbances = drawn(seed)
        if not kinds_of(disturbances):
            break
    disturbances.trouble = pair(*link), kind
    seen = [disturbances.next_choices(election.state, arrivals) for _ in range(30)]
    return [choices[0] for choices in seen if choices], arrivals


@pytest.mark.parametrize(
    ("kind", "expected"), [("copy", Duplicate), ("lose", Lose), ("late", None)]
)
def test_half_of_the_messages_between_two_servers_are_in_trouble(
    election, kind, expected
):
    choices, arrivals = next_of(election, kind)
    kinds = {type(choice) for choice in choices}
    assert kinds == ({Deliver, expected} if expected else {Deliver})
    assert bool(arrivals.late) == (kind == "late")


def test_a_message_may_be_the_death_of_its_receiver(election):
    choices, _ = next_of(election, "death")
    assert any(choice.dies_after for choice in choices)


def test_other_messages_are_in_no_trouble(election):
    choices, _ = next_of(election, "lose", link=(1, 2))
    assert {type(choice) for choice in choices} == {Deliver}


def test_what_is_blocked_waits(election):
    arrivals = Arrivals()
    arrivals.follow(election.state)
    disturbances = drawn(0)
    disturbances.blocked = pairs_across([0], 3)
    assert not any(map(disturbances.passes, arrivals.queue))
    assert disturbances.next_choices(election.state, arrivals) is None


def test_servers_crash_and_time_out_between_messages(world_rules):
    taken, rules = set(), world_rules()
    for seed in range(40):
        run = EpisodeRun(rules, node_of(rules, ()), drawn(seed))
        run.take(TimeOut(0))
        run.settle()
        taken |= {type(choice) for choice in run.node.path()}
        if {Crash, Duplicate, Lose} <= taken:
            break
    assert {Crash, Duplicate, Lose} <= taken
