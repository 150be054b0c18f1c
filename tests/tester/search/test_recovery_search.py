"""The search for servers that come to a stop."""

import pytest

from tester import codes
from tester.search.budget import Limits
from tester.search.choices import Cut, Heal, Recover, Start, TimeOut
from tester.search.episode_run import EpisodeRun
from tester.search.exhaustive import Node, node_of
from tester.search.recovery_search import (
    RecoverySearch,
    kinds_in,
    moves,
    recoveries,
)

GIVES_UP = ("if self.leads:", "if self.leads or self.voted_for is not None:")


def states_after(rules, before):
    """Return the choices by which each move goes on, all of them in one list."""
    node = node_of(rules, before)
    taken = []
    for move in moves(node.state):
        run = EpisodeRun(rules, node)
        move(run)
        taken.append(run.node.path()[len(before) :][:1])
    return taken


def test_servers_that_come_to_a_stop_are_found_by_few_moves(world_rules):
    search = RecoverySearch(world_rules(*GIVES_UP))
    search.advance(Limits(200))
    assert search.found.error.code is codes.NO_LEADER
    assert search.found.choices[-1] == Recover()
    assert len(search.found.choices) <= 5


def test_it_goes_on_where_it_was_interrupted(world_rules):
    def found(*turns):
        search = RecoverySearch(world_rules(*GIVES_UP))
        for turn in turns:
            search.advance(Limits(turn))
        return search.found.choices

    assert found(3, 1, 196) == found(200)


def test_servers_that_recover_from_everything_are_not_blamed(world_rules):
    search = RecoverySearch(world_rules())
    search.advance(Limits(60))
    assert search.found is None


def test_of_servers_that_are_alike_the_first_one_acts(world_rules):
    rules = world_rules()
    assert states_after(rules, []) == [
        [TimeOut(0)], [TimeOut(0)], [Cut(0)], [Cut(0)],
    ]  # fmt: skip
    after = states_after(rules, [Cut(2)])
    assert [Heal(2)] in after
    assert [TimeOut(1)] not in after


def test_a_leader_is_given_commands(world_rules):
    rules = world_rules()
    leading = node_of(rules, [])
    run = EpisodeRun(rules, leading)
    run.take(TimeOut(0))
    run.settle()
    assert run.state.servers[0].leads
    assert [Start(0)] in states_after(rules, run.node.path())


@pytest.mark.parametrize(("cut", "without"), [((), ()), ((1,), (1,)), ((0, 1), ())])
def test_a_majority_recovers_alone_where_others_are_cut_off(cut, without, world_rules):
    state = node_of(world_rules(), [Cut(server) for server in cut]).state
    expected = [Recover(), Recover(without)] if without else [Recover()]
    assert list(recoveries(state)) == expected


def test_states_are_compared_in_any_order_of_the_servers(world_rules):
    rules = world_rules()
    looks = [kinds_in(node_of(rules, [TimeOut(server)]).state) for server in range(3)]
    assert len(set(looks)) == 1
    assert looks[0] != kinds_in(Node(rules.initial(), None, None).state)
