"""Races: what happens to a server while a thread of it has lost its turn."""

from random import Random

from tester.search.budget import Limits
from tester.search.choices import Preempt, Setting, StepChoice
from tester.search.episode_draw import EpisodeDraw, Liking
from tester.search.episode_run import EpisodeRun
from tester.search.exhaustive import node_of
from tester.search.histories import Histories
from tester.search.preemptions import step_of
from tester.search.races import race
from tester.search.rules import Rules
from tester.search.session import searched

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


def test_a_race_is_found_and_its_list_is_short(preempted_boxes):
    outcome = searched(preempted_boxes(), PREEMPTED, Limits(20_000))
    assert outcome.found is not None
    assert len(outcome.run.choices) < 20
    assert any(isinstance(choice, Preempt) for choice in outcome.run.choices)
