"""Shrinking: nothing can go from what it leaves, and it fails as before."""

from contextlib import closing
from pathlib import Path

from labrpc.box_factory import InProcessBoxFactory
from labrpc.submission.submission import Submission
from tester import codes
from tester.search.choice_text import choice_text, parse_choices
from tester.search.choices import Recover, Setting
from tester.search.histories import Histories
from tester.search.judged_run import run_choices
from tester.search.linked import run_linked
from tester.search.rules import Rules
from tester.search.shrink import shrink

ROOT = Path(__file__).resolve().parents[3]

VOTES_TWICE = ("self.voted_for in (None, candidate)", "True")
# Two leaders of term 1, and much beside.
LONG = parse_choices(
    """
    crash 0
    time-out 2
    time-out 1
    deliver 1 -> 0 vote
    duplicate 1 -> 2 vote
    deliver 0 -> 1 reply vote
    lose 1 -> 2 vote
    deliver 2 -> 0 vote
    heal 1
    deliver 0 -> 2 reply vote
    time-out 1
    """,
    "long",
).choices


def test_only_what_the_failure_needs_is_left(world_rules):
    rules = world_rules(*VOTES_TWICE)
    _, error = run_choices(rules, LONG)
    shrunk = shrink(rules, LONG, error)
    assert shrunk.error.code is codes.TWO_LEADERS
    assert [choice_text(choice) for choice in shrunk.choices] == [
        "time-out 2",
        "time-out 1",
        "deliver 1 -> 0 vote and its reply",
        "deliver 2 -> 0 vote and its reply",
    ]
    for at in range(4):
        rest = shrunk.choices[:at] + shrunk.choices[at + 1 :]
        assert run_choices(rules, rest)[1] is None


def test_a_reply_that_must_come_late_keeps_its_place(world_rules):
    # A vote counts in a later term than it was given in.
    rules = world_rules("if reply[1] and self.term == term and", "if reply[1] and")
    late = parse_choices(
        """
        time-out 1
        deliver 1 -> 0 vote
        time-out 1
        deliver 0 -> 1 reply vote
        time-out 2
        time-out 2
        deliver 2 -> 0 vote #2
        deliver 0 -> 2 reply vote
        """,
        "late",
    ).choices
    _, error = run_choices(rules, late)
    shrunk = shrink(rules, late, error)
    texts = [choice_text(choice) for choice in shrunk.choices]
    assert "deliver 0 -> 1 reply vote" in texts
    assert "deliver 1 -> 0 vote" in texts


def test_a_recovery_leaves_nobody_out_where_that_does_not_matter(world_rules):
    rules = world_rules("2 * self.votes > len(self.peers)", "False")
    for text in ("recover without 1", "recover idle without 2", "recover"):
        choices = parse_choices(f"time-out 0\n{text}", "a file").choices
        _, error = run_choices(rules, choices)
        assert shrink(rules, choices, error).choices == (Recover(),)


def test_a_list_that_is_minimal_stays_as_it_is(world_rules):
    rules = world_rules(*VOTES_TWICE)
    _, error = run_choices(rules, LONG)
    once = shrink(rules, LONG, error).choices
    assert shrink(rules, once, error).choices == once


def test_an_interrupted_shrinking_keeps_the_shortest_list_so_far(
    world_rules, monkeypatch
):
    def run_or_interrupt(*args):
        calls.append(args)
        if len(calls) > 12:
            raise KeyboardInterrupt
        return run_linked(*args)

    calls = []
    rules = world_rules(*VOTES_TWICE)
    run, error = run_choices(rules, LONG)
    monkeypatch.setattr("tester.search.shrink.run_linked", run_or_interrupt)
    shrunk = shrink(rules, run.choices, error)
    assert shrunk.interrupted
    assert 6 < len(shrunk.choices) < len(run.choices)


def test_neighbours_go_together_where_none_can_go_alone(world_rules):
    rules = world_rules(*VOTES_TWICE)
    # Without one of their time-outs, the two lead in different terms.
    twice = parse_choices(
        """
        time-out 2
        time-out 1
        time-out 2
        time-out 1
        deliver 1 -> 0 vote #2 and its reply
        deliver 2 -> 0 vote #2 and its reply
        """,
        "twice",
    ).choices
    _, error = run_choices(rules, twice)
    shrunk = shrink(rules, twice, error)
    assert [choice_text(choice) for choice in shrunk.choices] == [
        "time-out 2",
        "time-out 1",
        "deliver 1 -> 0 vote and its reply",
        "deliver 2 -> 0 vote and its reply",
    ]


def test_a_snapshot_goes_as_far_as_a_shorter_list_applies():
    boxes = InProcessBoxFactory(
        Submission.find(ROOT / "tests/mutants/save_drops_the_snapshot.py")
    )
    setting = Setting()
    with closing(Histories(boxes, setting)) as histories:
        rules = Rules(histories, setting)
        beat = "deliver 0 -> 1 append_entries and its reply"
        commit = ["start 0", beat]
        text = [
            "time-out 0", "deliver 0 -> 1 request_vote and its reply", beat,
            *commit, *commit, *commit, "snapshot 0 up to 3",
            "start 0", "time-out 0", "deliver 0 -> 2 install_snapshot",
        ]  # fmt: skip
        choices = parse_choices("\n".join(text), "a file").choices
        _, error = run_choices(rules, choices)
        shrunk = shrink(rules, choices, error)
    texts = [choice_text(choice) for choice in shrunk.choices]
    assert texts.count("start 0") == 2
    assert "snapshot 0 up to 1" in texts
