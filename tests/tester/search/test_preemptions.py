"""Threads that lose their turn where a choice says, and where runs draw such choices."""

from pathlib import Path
from random import Random

import pytest

from labrpc.box_factory import InProcessBoxFactory
from labrpc.submission.submission import Submission
from tester import codes
from tester.search.choice_text import parse_choices
from tester.search.choices import (
    Crash,
    Deliver,
    Lose,
    MessageName,
    Preempt,
    Setting,
    Start,
    TimeOut,
)
from tester.search.episode_run import EpisodeRun
from tester.search.exhaustive import node_of
from tester.search.histories import Histories
from tester.search.judged_run import run_choices
from tester.search.preemptions import PLACES, Preemptions, drawn_place, step_of
from tester.search.rules import Rules
from tester.search.session import replayed

ROOT = Path(__file__).resolve().parents[3]

PREEMPTED = Setting(preempt=True, elections_only=True)
TWO_CANDIDATES = """\
time-out 0
time-out 1
{preempt}
deliver 0 -> 2 vote
deliver 1 -> 2 vote
deliver 2 -> 0 reply vote
deliver 2 -> 1 reply vote
"""


@pytest.fixture
def preempted_rules(preempted_boxes):
    """Return a function that returns the rules of a world whose threads lose their turn."""
    opened = []

    def open_world(votes_twice=True):
        opened.append(Histories(preempted_boxes(votes_twice), PREEMPTED))
        return Rules(opened[-1], PREEMPTED)

    yield open_world
    for histories in opened:
        histories.close()


def outcome(rules, preempt):
    text = TWO_CANDIDATES.format(preempt=preempt)
    return run_choices(rules, parse_choices(text, "text").choices)


def test_what_was_read_under_a_lock_is_out_of_date_after_a_preemption(preempted_rules):
    rules = preempted_rules()
    assert outcome(rules, "")[1] is None
    _, error = outcome(rules, "preempt-thread 2 at lock 2")
    assert error.code is codes.TWO_LEADERS


@pytest.mark.parametrize(
    "place", ["lock 1", "lock 30", "statement 200", "statement 1, for 2 steps"]
)
def test_at_another_place_it_does_no_harm(preempted_rules, place):
    run, error = outcome(preempted_rules(), f"preempt-thread 2 at {place}")
    assert error is None
    assert any(isinstance(choice, Preempt) for choice in run.choices)


def test_a_correct_server_is_none_the_worse_for_it(preempted_rules):
    rules = preempted_rules(votes_twice=False)
    for place in (
        "lock 1",
        "lock 2",
        "lock 3",
        *(f"statement {n}" for n in range(1, 20)),
    ):
        assert outcome(rules, f"preempt-thread 2 at {place}")[1] is None


def test_a_thread_goes_on_after_as_many_steps_as_it_was_to_miss(preempted_rules):
    rules = preempted_rules()
    answered = []
    for steps in (1, 2):
        run, _ = outcome(rules, f"preempt-thread 2 at lock 2, for {steps} steps")
        answered.append(len(run.state.servers[2].unanswered))
    assert answered == [0, 1]


def test_without_preemption_the_choice_does_not_apply(world_rules):
    run, error = outcome(world_rules(), "preempt-thread 2 at lock 1")
    assert error is None
    assert not any(isinstance(choice, Preempt) for choice in run.choices)


@pytest.mark.slow
def test_a_list_says_where_the_reference_with_such_a_bug_is_interrupted():
    mutant = ROOT / "tests/mutants/vote_checked_then_given.py"
    text = "servers 3\npreempt 1\n" + TWO_CANDIDATES.replace(" vote", " request_vote")
    boxes = InProcessBoxFactory(Submission.find(mutant), True)
    endings = []
    for preempt in ("", "preempt-thread 2 at lock 1"):
        run = parse_choices(text.format(preempt=preempt), "text")
        endings.append(replayed(boxes, run)[1])
    assert endings[0] is None
    assert endings[1].code is codes.TWO_LEADERS


# Draws.

VOTE = MessageName(0, 1, "vote")
STEPS = (TimeOut(2), Start(2), Deliver(VOTE), Lose(VOTE))


def test_only_steps_are_preempted_and_only_where_threads_are():
    drawn = [
        Preemptions(Random(seed), PREEMPTED).before(step)
        for seed in range(60)
        for step in (*STEPS, Crash(1))
    ]
    assert len(set(drawn) - {None}) > 20
    assert all(
        Preemptions(Random(s), PREEMPTED).before(Crash(0)) is None for s in range(9)
    )
    assert Preemptions(Random(0), Setting()).before(TimeOut(0)) is None


def test_the_server_that_takes_the_step_is_preempted():
    assert [step_of(step) for step in STEPS] == [
        (2, "time-out"), (2, "start"), (1, "request"), (0, "reply"),
    ]  # fmt: skip
    reply = MessageName(1, 0, "vote", reply=True)
    assert step_of(Lose(reply)) == step_of(Deliver(reply)) == (0, "reply")


def test_all_kinds_of_places_are_drawn():
    draws = Random(0)
    places = [drawn_place(draws, PLACES[-1]) for _ in range(200)]
    assert {place for _, place in places} == {"lock", "begin", "statement"}
    assert all(nth >= 1 for nth, _ in places)
    assert drawn_place(draws, ("begin",))[1] == "begin"


def test_an_episode_is_preempted_as_is_drawn(preempted_rules):
    rules = preempted_rules()
    seeds = (
        seed for seed in range(200)
        if Preemptions(Random(seed), PREEMPTED).before(TimeOut(0)) is not None
    )  # fmt: skip
    preemptions = Preemptions(Random(next(seeds)), PREEMPTED)
    run = EpisodeRun(rules, node_of(rules, ()), None, preemptions)
    run.take(TimeOut(0))
    preempt, step = run.node.path()
    assert isinstance(preempt, Preempt)
    assert (preempt.server, step) == (0, TimeOut(0))
