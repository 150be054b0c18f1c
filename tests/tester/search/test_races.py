"""Races: what happens to a server while a thread of it has lost its turn."""

from random import Random

import pytest

from tester.search import search as search_module
from tester.search.budget import Limits
from tester.search.choice_text import parse_choices
from tester.search.choices import (
    Deliver,
    Preempt,
    Setting,
    Start,
    StepChoice,
    TimeOut,
)
from tester.search.episode_draw import EpisodeDraw, Liking
from tester.search.episode_run import EpisodeRun
from tester.search.episodes import elect
from tester.search.exhaustive import node_of
from tester.search.histories import Histories
from tester.search.judged_run import run_choices
from tester.search.preemptions import step_of
from tester.search.races import prepared, race
from tester.search.rules import Rules
from tester.search.session import searched
from tester.search.shrink import shrink

PREEMPTED = Setting(preempt=True, elections_only=True)


def test_a_server_takes_other_steps_while_a_thread_is_away(preempted_boxes):
    histories = Histories(preempted_boxes(), PREEMPTED)
    rules = Rules(histories, PREEMPTED)
    races = 0
    for seed in range(30):
        run = EpisodeRun(rules, node_of(rules, ()))
        race(Random(seed), run)
        path = run.node.path()
        (at,) = [n for n, choice in enumerate(path) if isinstance(choice, Preempt)]
        preempt = path[at]
        taken = [c for c in path[at + 1 :] if isinstance(c, StepChoice)]
        servers = [step_of(choice)[0] for choice in taken[: 1 + preempt.steps]]
        # A server whose time-out comes to nothing takes no step.
        races += servers == [preempt.server] * (1 + preempt.steps)
    histories.close()
    assert races > 20


def test_races_are_drawn_only_where_threads_are_preempted(world_rules):
    rules = world_rules()
    state = node_of(rules, ()).state

    def races(setting):
        drawn = [
            EpisodeDraw(
                state, Random(seed), setting, False, Liking(Random(seed))
            ).next()
            for seed in range(40)
        ]
        return sum(getattr(one, "func", None) is race for one in drawn)

    assert races(PREEMPTED) > 5
    assert not races(Setting(elections_only=True))


@pytest.mark.unmeasured
def test_a_race_is_found_and_its_list_is_short(preempted_boxes, monkeypatch):
    # Shortening the first run takes long enough.
    monkeypatch.setattr(search_module, "FAR_CHOICES", 10_000)
    outcome = searched(preempted_boxes(), PREEMPTED, Limits(20_000))
    assert outcome.found is not None
    assert len(outcome.run.choices) < 20
    assert any(isinstance(choice, Preempt) for choice in outcome.run.choices)


def test_a_thread_goes_on_as_soon_as_the_run_still_fails(preempted_boxes):
    late = parse_choices(
        """
        time-out 0
        time-out 1
        preempt-thread 2 at lock 2, for 4 steps
        deliver 0 -> 2 vote
        deliver 1 -> 2 vote
        time-out 2
        time-out 2
        time-out 2
        deliver 2 -> 0 reply vote
        deliver 2 -> 1 reply vote
        """,
        "late",
    )
    histories = Histories(preempted_boxes(), PREEMPTED)
    rules = Rules(histories, PREEMPTED)
    run, error = run_choices(rules, late.choices)
    shrunk = shrink(rules, run.choices, error)
    histories.close()
    (preempt,) = [c for c in shrunk.choices if isinstance(c, Preempt)]
    assert preempt.steps == 1
    assert TimeOut(2) not in shrunk.choices


def test_races_of_candidates_and_of_deposed_leaders_are_prepared(preempted_boxes):
    histories = Histories(preempted_boxes(), PREEMPTED)
    rules = Rules(histories, PREEMPTED)
    ahead, deposed, rivals = set(), 0, []
    for seed in range(60):
        run = EpisodeRun(rules, node_of(rules, ()))
        elect(0, run)
        before = run.state.servers[0].term
        first = prepared(Random(seed), run)
        terms = [at.term for at in run.state.servers]
        if isinstance(first, TimeOut):
            # Another server stands already, unless it leads.
            ahead.add(max(terms) - before)
        elif first == Start(0):
            leaders = [at.server for at in run.state.servers if at.leads]
            deposed += 0 in leaders and len(leaders) == 2
        elif isinstance(first, Deliver):
            asked = first.message.dst
            rivals.append({m.src for m in run.ready() if m.dst == asked})
    histories.close()
    assert ahead == {0, 1, 2, 3}
    assert deposed > 0
    assert rivals
    assert all(len(candidates) == 2 for candidates in rivals)
