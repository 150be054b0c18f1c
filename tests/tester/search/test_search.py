"""The whole search: its strategies find bugs by turns, and it is a function of its limits."""

import pytest

from tester import codes
from tester.search import by_turns as by_turns_module
from tester.search import search as search_module
from tester.search import search_world, turns
from tester.search.budget import Budget, Limits
from tester.search.by_turns import ByTurns
from tester.search.choice_text import parse_choices
from tester.search.choices import ChoiceList, Setting
from tester.search.exhaustive import Exploration
from tester.search.goals import GOALS, GoalRun
from tester.search.guided import GuidedSearch
from tester.search.judged_run import run_choices
from tester.search.search import Search, _Shortened
from tester.search.shrink import Shrunk

VOTES_TWICE = ("self.voted_for in (None, candidate)", "True")


@pytest.mark.slow
def test_guided_runs_find_a_second_vote_and_the_same_one_each_time(world_rules):
    found = []
    for _ in range(2):
        rules = world_rules(*VOTES_TWICE)
        guided = GuidedSearch(rules, "0")
        guided.advance(Limits(states_max=20_000))
        assert guided.found.error.code is codes.TWO_LEADERS
        assert run_choices(rules, guided.found.choices)[1].code is codes.TWO_LEADERS
        found.append(guided.found.choices)
    assert found[0] == found[1]


def test_a_correct_server_passes_guided_runs(world_rules):
    guided = GuidedSearch(world_rules(), "0")
    limits = Limits(states_max=400)
    guided.advance(limits)
    assert guided.found is None
    assert limits.states >= 400


def test_a_turn_counts_for_the_whole(world_rules):
    whole = Limits(states_max=5)
    turn = whole.turn(3)
    for _ in range(3):
        turn.count()
    assert turn.reached
    assert not whole.reached
    whole.turn(3).count()
    assert not whole.reached
    whole.count()
    assert whole.turn(3).reached


def test_budgets_read_as_words():
    assert str(Budget(2, 1, 2, 2, 2)) == (
        "2 time-outs, 1 crash, 2 losses, 2 copies, 2 commands"
    )


@pytest.mark.slow
def test_a_search_ends_with_the_fewest_choices(elector_boxes, monkeypatch):
    monkeypatch.setattr(turns, "TURN_STATES", 20)
    search = Search(elector_boxes(*VOTES_TWICE), Setting(elections_only=True))
    noted = []
    outcome = search.run(Limits(states_max=20_000, note=noted.append))
    search.close()
    # Shortening may take longer than the search.
    (note,) = noted
    assert note.endswith(f" after {outcome.states:,} states: looking for fewer")
    # A majority of whichever world it was found in, twice: each other vote is given at once.
    majority = outcome.run.setting.servers // 2 + 1
    assert len(outcome.run.choices) == 2 * majority
    assert outcome.found.error.code is codes.TWO_LEADERS


def test_a_goal_that_a_submission_does_not_reach_ends_its_run(world_rules):
    for goal in GOALS:
        run = GoalRun(world_rules(setting=Setting(servers=3)))
        goal(run)
        assert run.node.path()


def test_a_large_exploration_does_not_keep_the_next_from_beginning(
    world_rules, monkeypatch
):
    monkeypatch.setattr(by_turns_module, "TURN_STATES", 20)
    rules = world_rules(setting=Setting(servers=2))
    for large_states, complete in ((20, [Budget(1)]), (1_000, [])):
        monkeypatch.setattr(by_turns_module, "LARGE_STATES", large_states)
        budgets = (Budget(3, 1), Budget(1))
        by_turns = ByTurns(Exploration(rules, budget) for budget in budgets)
        by_turns.advance(Limits(states_max=80))
        assert [one.budget for one in by_turns.complete] == complete


@pytest.mark.unmeasured
def test_a_search_forgets_its_states_before_they_fill_the_memory(
    elector_boxes, monkeypatch
):
    monkeypatch.setattr(turns, "TURN_STATES", 20)
    monkeypatch.setattr(search_module, "KNOWN_STATES_MAX", 400)
    outcomes = []
    for _ in range(2):
        search = Search(elector_boxes(), Setting(servers=2, elections_only=True))
        outcomes.append(search.run(Limits(states_max=4_000))._replace(cpu_s=0))
        assert search._renewals > 1
        assert sum(w.histories.states for w in search._worlds.values()) < 2_000
        search.close()
    assert outcomes[0] == outcomes[1]
    budgets = [exhausted.budget for exhausted in outcomes[0].explored]
    assert Budget(1) in budgets
    assert len(set(budgets)) == len(budgets)


# A server that has voted never stands again: a run that splits votes does not recover.
NEVER_AGAIN = ("if self.leads:", "if self.leads or self.voted_for is not None:")


@pytest.mark.unmeasured
@pytest.mark.parametrize(
    ("limits", "bug"),
    [
        (["SHORTENING_STATES_SOON", "SHORTENING_STATES_MAX"], VOTES_TWICE),
        (["SHORTENING_RECOVERY_STEPS_MAX"], NEVER_AGAIN),
    ],
)
def test_a_run_that_takes_too_long_to_shorten_is_shortened_in_part(
    elector_boxes, monkeypatch, limits, bug
):
    monkeypatch.setattr(turns, "TURN_STATES", 20)
    for limit in limits:
        module = search_module if hasattr(search_module, limit) else search_world
        monkeypatch.setattr(module, limit, -1)
    search = Search(elector_boxes(*bug), Setting(elections_only=True))
    outcome = search.run(Limits(states_max=20_000))
    search.close()
    assert outcome.found.out_of_time
    assert outcome.found.error.code in (codes.TWO_LEADERS, codes.NO_LEADER)


@pytest.fixture
def search_of_long_runs(elector_boxes, monkeypatch):
    """Return a search for which each run that it finds is a long one."""
    monkeypatch.setattr(turns, "TURN_STATES", 20)
    monkeypatch.setattr(search_module, "FAR_CHOICES", 0)
    monkeypatch.setattr(search_module, "FEW_CHOICES", 0)
    monkeypatch.setattr(search_module, "SHORTENING_STATES_SOON", 200)
    monkeypatch.setattr(search_module, "SHORTENING_STATES_MAX", 200)
    search = Search(elector_boxes(*VOTES_TWICE), Setting(elections_only=True))
    yield search
    search.close()


@pytest.mark.unmeasured
def test_other_draws_may_lead_to_fewer_choices(search_of_long_runs, monkeypatch):
    found = []
    find = search_of_long_runs._run
    monkeypatch.setattr(
        search_of_long_runs,
        "_run",
        lambda limits: found.append(find(limits)) or found[-1],
    )
    outcome = search_of_long_runs.run(Limits(states_max=20_000))
    assert len(found) == search_module.RUNS_MAX
    assert len({run.choices for _, run in found}) > 1
    assert len(outcome.run.choices) <= min(len(run.choices) for _, run in found)
    assert not outcome.interrupted


@pytest.mark.unmeasured
def test_ctrl_c_while_other_draws_are_tried_keeps_what_was_found(
    search_of_long_runs, monkeypatch
):
    def find_or_interrupt(limits):
        if found:
            raise KeyboardInterrupt
        found.append(find(limits))
        return found[0]

    found = []
    find = search_of_long_runs._run
    monkeypatch.setattr(search_of_long_runs, "_run", find_or_interrupt)
    outcome = search_of_long_runs.run(Limits(states_max=20_000))
    assert outcome.interrupted
    assert outcome.found.interrupted
    assert outcome.run.choices == found[0][1].choices


@pytest.mark.parametrize("needed", [False, True])
def test_what_a_run_does_not_need_holds_no_more(needed, elector_boxes, monkeypatch):
    slow = Setting(slow_service=True, snapshot_interval=2)
    text = """
        time-out 0
        time-out 1
        deliver 0 -> 2 vote and its reply
        deliver 1 -> 2 vote and its reply
    """
    search = Search(elector_boxes(*VOTES_TWICE), slow)
    rules = search._world(slow).rules
    run, error = run_choices(rules, parse_choices(text, "text").choices)
    if needed:
        monkeypatch.setattr(search_module, "run_choices", lambda *_: (run, None))
    shrunk = Shrunk(tuple(run.choices), error, replays=1)
    found = search._in_simplest_world(
        _Shortened(ChoiceList(slow, shrunk.choices), shrunk)
    )
    search.close()
    assert found.run.setting == (slow if needed else Setting())
    assert found.shrunk.choices == shrunk.choices
