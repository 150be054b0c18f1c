"""Exhaustive search: it finds what is wrong with the fewest choices, and nothing else."""

import pytest

from tester import codes
from tester.search.budget import Budget, Limits
from tester.search.choice_text import choice_text, parse_choices
from tester.search.choices import Setting
from tester.search.exhaustive import Exploration, node_of
from tester.search.judged_run import run_choices

VOTES_TWICE = ("self.voted_for in (None, candidate)", "True")
FORGETS_ITS_VOTE = ("= pickle.loads(saved)", "= pickle.loads(saved)[0], None")
SAVES_NO_VOTE = ("pickle.dumps((self.term, self.voted_for))", "pickle.dumps((0, None))")


# Looks every 10 ms whether it is time for an election, and whether one is won.
POLLS = (
    "time.sleep(random.uniform(0.3, 0.6))",
    """for _ in range(random.randrange(30, 60)):
                time.sleep(0.01)
                with self.lock:
                    self.leads = self.leads or 2 * self.votes > len(self.peers)""",
    """                if 2 * self.votes > len(self.peers):
                    self.leads = True
""",
    "",
)
TWO = Setting(servers=2)


def explore(rules, budget, limits=None, root=None):
    """Return the exploration of a budget, as far as the limits allow."""
    exploration = Exploration(rules, budget, root)
    exploration.advance(limits or Limits())
    return exploration


@pytest.mark.unmeasured
def test_a_second_vote_is_found_with_the_fewest_choices(world_rules):
    found = explore(world_rules(*VOTES_TWICE), Budget(2)).found
    assert found.error.code is codes.TWO_LEADERS
    assert len(found.choices) == 6


@pytest.mark.unmeasured
def test_a_correct_server_is_explored_completely(world_rules):
    explored = explore(world_rules(setting=TWO), Budget(2, crashes=1))
    assert explored.complete
    assert explored.found is None
    assert explored.states > 50


def test_a_term_that_a_crash_loses_is_found_if_a_server_may_crash(world_rules):
    rules = world_rules(*SAVES_NO_VOTE)
    without = explore(rules, Budget(1))
    assert without.complete
    assert without.found is None
    found = explore(rules, Budget(1, crashes=1)).found
    assert found.error.code is codes.TERM_FELL
    assert len(found.choices) == 2


def test_a_search_can_begin_where_a_list_of_choices_has_led(world_rules):
    rules = world_rules(*FORGETS_ITS_VOTE)
    way = ("time-out 0", "deliver 0 -> 1 vote", "deliver 1 -> 0 reply vote", "crash 1")
    run, error = run_choices(rules, parse_choices("\n".join(way), "way").choices)
    assert error is None
    root = node_of(rules, run.choices)
    found = explore(rules, Budget(2, crashes=1), root=root).found
    assert found.error.code is codes.TWO_LEADERS
    assert tuple(map(choice_text, found.choices))[:4] == way
    assert len(found.choices) == 7


@pytest.mark.unmeasured
def test_a_number_of_states_gives_the_same_result_in_every_search(world_rules):
    one = explore(world_rules(), Budget(2, 1), Limits(states_max=100))
    other = explore(world_rules(), Budget(2, 1), Limits(states_max=100))
    assert not one.complete
    assert one.states == other.states >= 100


def test_an_exploration_goes_on_where_it_was_stopped(world_rules):
    rules = world_rules(setting=TWO)
    at_once = explore(rules, Budget(2))
    in_parts = Exploration(rules, Budget(2))
    while not in_parts.complete:
        in_parts.advance(Limits(states_max=10))
    assert in_parts.states == at_once.states


def test_an_exception_is_found(world_rules):
    rules = world_rules("granted = ", "granted = 1 / (term - 2) and ")
    found = explore(rules, Budget(2)).found
    assert "ZeroDivisionError" in found.error.headline
    assert [choice_text(choice) for choice in found.choices] == [
        "time-out 0",
        "time-out 0",
        "deliver 0 -> 1 vote #2",
    ]
    assert run_choices(rules, found.choices)[1].headline == found.error.headline


def test_two_servers_have_fewer_states_than_three(world_rules):
    three = explore(world_rules(), Budget(1))
    two = explore(world_rules(setting=TWO), Budget(1))
    assert two.complete
    assert two.states < three.states


def test_servers_that_poll_have_the_states_of_those_that_wait(world_rules):
    waiting = explore(world_rules(), Budget(1))
    polling = explore(world_rules(*POLLS), Budget(1))
    assert polling.complete
    assert polling.found is None
    assert polling.states == waiting.states
