"""Runs by episodes, and states of servers that are taken for one since they look alike."""

from functools import partial
from pathlib import Path
from random import Random

import pytest

from tester import codes
from tester.search.budget import Budget, Limits
from tester.search.choice_text import choice_text, parse_choices
from tester.search.choices import Expect, Setting, TimeOut
from tester.search.disturbances import Disturbances
from tester.search.episode_run import EpisodeRun
from tester.search.episode_search import EpisodeSearch
from tester.search.episodes import (
    act_apart,
    cut,
    elect,
    heal,
    heal_late,
    release,
    strand,
)
from tester.search.exhaustive import Exploration, confirmed, node_of
from tester.search.judged_run import run_choices

ROOT = Path(__file__).resolve().parents[3]
VOTES_TWICE = ("self.voted_for in (None, candidate)", "True")
TWO, THREE = Setting(servers=2), Setting(servers=3, elections_only=True)


def by_outline(world_rules, *bug, setting=THREE):
    """Return rules by which electors that look alike are one."""
    return world_rules(*bug, setting=setting, look_alikes=True)


@pytest.mark.slow
def test_episodes_find_a_second_vote_and_the_same_one_each_time(world_rules):
    found = []
    for _ in range(2):
        rules = by_outline(world_rules, *VOTES_TWICE)
        episodes = EpisodeSearch(rules, "0")
        episodes.advance(Limits(states_max=20_000))
        assert episodes.found.error.code is codes.TWO_LEADERS
        again = run_choices(rules.exact(), episodes.found.choices)[1]
        assert again.code is codes.TWO_LEADERS
        found.append(episodes.found.choices)
    assert found[0] == found[1]


def test_a_correct_server_passes_episodes(world_rules):
    episodes = EpisodeSearch(by_outline(world_rules), "0")
    limits = Limits(states_max=400)
    episodes.advance(limits)
    assert episodes.found is None
    assert limits.states >= 400


def test_some_runs_recover_without_a_minority(world_rules):
    episodes = EpisodeSearch(world_rules(), "0")

    def drawn(left_out):
        ends = [episodes._recovery(left_out) for _ in range(60)]
        return {recover.without for end in ends for recover in end}

    assert drawn(None) == {(), (0,), (1,), (2,)}
    assert drawn((2,)) == {(2,)}


def test_voters_that_stick_to_their_leader_hear_nothing_for_long(happened):
    """Who has just heard from a leader may help nobody else to stand (PreVote, leases)."""
    sticks = ROOT / "tests/correct/one_way.py"
    overthrown = Expect(1, leads=True)
    choices, error = happened(sticks, partial(strand, 0, 1), overthrown)
    assert error is None
    assert TimeOut(2) in choices
    # Where nobody sticks to a leader, no other server has to wait.
    choices, error = happened(ROOT / "raft", partial(strand, 0, 1), overthrown)
    assert error is None
    assert TimeOut(2) not in choices


def test_of_a_request_that_comes_twice_either_answer_may_count(world_rules):
    late = set()
    for seed in range(12):
        disturbances = Disturbances(Random(seed), True, calm=1)
        disturbances._rates = {"copy": 1.0}
        rules = world_rules()
        run = EpisodeRun(rules, node_of(rules, [TimeOut(0)]), disturbances)
        run._arrivals.queue, run._arrivals.late = run._arrivals.late, []
        run.settle_one()
        late |= {message.reply for message in run._arrivals.late}
    assert late == {False, True}


@pytest.mark.unmeasured
def test_look_alikes_are_explored_once(world_rules):
    exact = Exploration(world_rules(setting=TWO), Budget(2, crashes=1))
    exact.advance(Limits())
    alike = Exploration(by_outline(world_rules, setting=TWO), Budget(2, crashes=1))
    alike.advance(Limits())
    assert alike.complete
    assert alike.states < exact.states


@pytest.mark.unmeasured
def test_a_second_vote_is_found_among_look_alikes_too(world_rules):
    exploration = Exploration(by_outline(world_rules, *VOTES_TWICE), Budget(2))
    exploration.advance(Limits())
    assert exploration.found.error.code is codes.TWO_LEADERS
    assert len(exploration.found.choices) == 6


def test_a_reply_reaches_the_call_of_the_server_that_stands_for_its_look_alikes(
    world_rules,
):
    # Server 1 asks twice and hears nothing: the numbers of its later calls differ from
    # those of the run in which it asks once.
    once = "time-out 1\ndeliver 1 -> 0 vote\ndeliver 0 -> 1 reply vote"
    rules = by_outline(world_rules, setting=TWO)
    for text in (once, f"time-out 0\nlose 0 -> 1 vote\n{once}\n{once}"):
        choices = parse_choices(text, "text").choices
        outlined, exact = node_of(rules, choices), node_of(rules.exact(), choices)
        assert [s.term for s in outlined.state.servers] == [
            s.term for s in exact.state.servers
        ]
        assert [s.leads for s in outlined.state.servers] == [
            s.leads for s in exact.state.servers
        ]


def test_what_fails_only_among_look_alikes_is_not_found(world_rules):
    assert confirmed(by_outline(world_rules), [TimeOut(0)]) is None


def texts(run):
    """Return the choices of an episode as text."""
    return [choice_text(choice) for choice in run.node.path()]


def begin(rules, *episodes):
    """Return the run of some episodes, each begun where the last has settled."""
    node = node_of(rules, ())
    for episode, *args in episodes:
        run = EpisodeRun(rules, node)
        episode(*args, run)
        node = run.node
    return run


def test_a_server_that_is_healed_has_lost_its_messages_or_gets_them_late(world_rules):
    rules = world_rules()
    away = (cut, 1), (elect, 0)
    lost = begin(rules, *away, (heal, 1))
    assert "lose 0 -> 1 vote" in texts(lost)
    assert lost.state.servers[1].term == 0
    late = begin(rules, *away, (heal_late, 1))
    assert "deliver 0 -> 1 vote" in texts(late)
    assert late.state.servers[1].term == 1


def test_a_late_message_stays_late_until_it_is_released(world_rules):
    rules = world_rules()
    apart = (act_apart, TimeOut(0), 1, "late")
    held = begin(rules, apart, (elect, 2))
    assert "deliver 0 -> 1 vote" not in texts(held)
    assert "deliver 0 -> 1 vote" in texts(begin(rules, apart, (elect, 2), (release,)))


def test_a_copy_arrives_as_well_and_a_lonely_message_arrives_alone(world_rules):
    rules = world_rules()
    twice = begin(rules, (act_apart, TimeOut(0), 1, "twice"))
    assert "duplicate 0 -> 1 vote" in texts(twice)
    assert len(twice.state.in_flight) == 1
    only = begin(rules, (act_apart, TimeOut(0), 1, "only"))
    assert "lose 0 -> 2 vote" in texts(only)
    crashed = begin(rules, (act_apart, TimeOut(0), 1, "crash"))
    assert "crash 1" in texts(crashed)
    reply = begin(rules, (act_apart, TimeOut(0), 1, "late reply"))
    assert [message.reply for message in reply.state.in_flight] == [True]
