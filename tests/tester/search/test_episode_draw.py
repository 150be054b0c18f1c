"""The draw of what happens next in a run of episodes."""

from random import Random

import pytest

from tester.search.choices import Setting, TimeOut
from tester.search.disturbances import Disturbances
from tester.search.episode_draw import LEADER_STORIES, LIKINGS, EpisodeDraw, Liking
from tester.search.episode_run import EpisodeRun
from tester.search.episodes import elect
from tester.search.exhaustive import node_of


def draw(node, setting, seed=0, parted=False):
    draws = Random(seed)
    return EpisodeDraw(node.state, draws, setting, parted, Liking(draws))


def led(rules):
    """Return a world in which server 0 leads."""
    run = EpisodeRun(rules, node_of(rules, ()))
    elect(0, run)
    return run.node


def test_a_liking_is_drawn_once():
    liking = Liking(Random(0))
    factors = [[liking(kind) for kind in "abcdefghijklmn"] for _ in range(2)]
    assert factors[0] == factors[1]
    assert len(set(factors[0])) > 1
    assert set(factors[0]) <= set(LIKINGS)


def test_some_runs_are_stories_about_a_leader_only(world_rules):
    rules = world_rules()
    node = led(rules)
    only = next(s for s in range(20) if Liking(Random(s)).stories_only)
    kinds = set()
    for seed in range(40):
        drawing = draw(node, rules.setting, seed)
        drawing._liking = Liking(Random(only))
        drawing._episode = kinds.add
        drawing.next()
    assert len(kinds) > 1
    assert kinds <= {*LEADER_STORIES, "snapshot"}


def test_elections_come_first(world_rules):
    rules = world_rules()
    kinds = draw(node_of(rules, ()), rules.setting)._kinds()
    assert set(kinds) == {"elect", "contend", "rival"}


def test_more_may_happen_to_more_servers(world_rules):
    kinds = {}
    for servers in (2, 3, 5):
        rules = world_rules(setting=Setting(servers=servers, elections_only=True))
        kinds[servers] = draw(led(rules), rules.setting)._kinds()
    assert not kinds[2]["troubled"]
    assert kinds[3]["troubled"]
    assert "part" in kinds[5]
    assert "part" not in kinds[3]


@pytest.mark.parametrize("persistence", [True, False])
def test_no_server_crashes_that_need_not_save_its_state(world_rules, persistence):
    rules = world_rules(setting=Setting(persistence=persistence, elections_only=True))
    kinds = draw(led(rules), rules.setting)._kinds()
    assert ("crash" in kinds) == persistence


@pytest.mark.parametrize("servers", [2, 5])
def test_each_kind_can_be_carried_out(world_rules, servers):
    rules = world_rules(setting=Setting(servers=servers, elections_only=True))
    node = led(rules)
    for kind, weight in draw(node, rules.setting)._kinds().items():
        if not weight:
            continue
        run = EpisodeRun(rules, node, Disturbances(Random(1), True))
        draw(node, rules.setting)._episode(kind)(run)
        run.take(TimeOut(0))
        assert run.taken
