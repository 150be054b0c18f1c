"""Runs of the suite in choices: what happened is found again, and fails in the same way."""

import itertools
from pathlib import Path

import pytest

from labrpc.box_factory import InProcessBoxFactory
from labrpc.errors import SubmissionError
from labrpc.submission.submission import Submission
from labrpc.world.events import Invoke
from tester import codes
from tester.intake.service_submission import find_service
from tester.judging.run import Recording, run_test
from tester.judging.run_conditions import RunConditions
from tester.judging.suite import suite_path
from tester.search.call_names import CallName
from tester.search.choice_text import choice_text
from tester.search.choices import Recover, Setting
from tester.search.expressed import express, fails_alike
from tester.search.histories import Histories
from tester.search.judged_run import Life
from tester.search.minimal import Minimal, NotExpressed, minimal_list, settings_to_try
from tester.search.rules import Rules
from tester.search.transcript import (
    Called,
    CalledByItself,
    CallEnded,
    Crashed,
    RequestArrived,
    SnapshotTaken,
    Started,
    Transcript,
)

ROOT = Path(__file__).resolve().parents[3]
VOTES_TWICE = ("self.voted_for in (None, candidate)", "True")


def vote(src, dst, nth=1, incarnation=1):
    return CallName(src, incarnation, dst, "Raft.vote", nth)


def asked(server, nth=1):
    """Return that a server of three has asked the two others for their votes."""
    others = [other for other in range(3) if other != server]
    return CalledByItself(server, None, tuple(vote(server, o, nth) for o in others))


def transcript(*happened):
    made = Transcript()
    made.happened += happened
    for one in happened:
        if isinstance(one, RequestArrived):
            made.arrivals[one.call] += 1
    return made


def expressed(rules, *happened, code="two-leaders"):
    choices, error, _ = express(rules, transcript(*happened), code)
    return [choice_text(choice) for choice in choices], error


def test_each_thing_that_happens_is_a_choice(world_rules):
    choices, error = expressed(
        world_rules(setting=Setting(elections_only=True)),
        asked(1),
        # It has stood already: what it does shortly after a step belongs to the step.
        asked(1),
        RequestArrived(0, None, vote(1, 0)),
        RequestArrived(0, None, vote(1, 0)),
        CallEnded(1, None, vote(1, 0), answered=True),
        CallEnded(1, None, vote(1, 2), answered=False),
        Started(0, None),
        Crashed(0),
        # Of a call that was never made.
        RequestArrived(0, None, vote(2, 0)),
        CallEnded(2, None, vote(2, 0), answered=False),
    )
    assert choices == [
        "time-out 1",
        "duplicate 1 -> 0 vote",
        "deliver 1 -> 0 vote",
        "deliver 1 -> 0 vote",
        "deliver 0 -> 1 reply vote",
        "lose 1 -> 2 vote",
        "start 0",
        "crash 0",
    ]
    assert error is None


def test_a_death_in_a_step_and_the_failure_of_its_calls(world_rules):
    choices, _ = expressed(
        world_rules(setting=Setting(elections_only=True)),
        asked(1),
        RequestArrived(2, 1, vote(1, 2)),
        CallEnded(1, None, vote(1, 2), answered=False),
    )
    assert choices == [
        "time-out 1",
        "deliver 1 -> 2 vote, dies after 1",
        "deliver 2 -> 1 reply vote",
    ]


def test_servers_that_come_to_a_stop_have_to_recover(world_rules):
    rules = world_rules("if 2 * self.votes > len(self.peers)", "if False")
    choices, error = expressed(rules, code=codes.NO_AGREEMENT.name)
    assert choices == ["recover"]
    assert fails_alike(codes.NO_AGREEMENT.name, error)
    assert not fails_alike(codes.NOT_CAUGHT_UP.name, error)
    assert not fails_alike(codes.TWO_LEADERS.name, error)
    assert not fails_alike(codes.NO_LEADER.name, None)


ELECTS_NOBODY = ("if 2 * self.votes > len(self.peers)", "if False")


def test_what_happens_once_servers_are_left_alone_is_left_to_the_recovery(world_rules):
    run = transcript(asked(1), asked(2))
    run.controlled(0, "disconnect", (0,))
    run.happened.append(asked(0))
    stopped = express(world_rules(*ELECTS_NOBODY), run, codes.NO_LEADER.name)
    assert [choice_text(choice) for choice in stopped.choices] == [
        "time-out 1", "time-out 2", "recover without 0",
    ]  # fmt: skip
    assert stopped.error.code is codes.NO_LEADER


def test_all_that_happened_is_tried_where_servers_recover_without_it(world_rules):
    setting = Setting(elections_only=True)
    run = transcript(asked(1), asked(2))
    whole = express(world_rules(setting=setting), run, codes.NO_LEADER.name)
    assert [choice_text(choice) for choice in whole.choices] == [
        "time-out 1", "time-out 2", "recover",
    ]  # fmt: skip
    assert whole.error is None


@pytest.mark.parametrize(
    ("verbs", "cut"),
    [
        ([("disconnect", 0), ("disconnect", 2), ("connect", 2)], (0,)),
        # No majority is left.
        ([("disconnect", 0), ("disconnect", 2)], ()),
        ([("reliable", True), ("long reordering", 1)], ()),
    ],
)
def test_servers_that_are_disconnected_in_the_end_stay_cut_off(world_rules, verbs, cut):
    run = transcript()
    for verb, server in verbs:
        run.controlled(0, verb, (server,))
    stopped = express(world_rules(*ELECTS_NOBODY), run, codes.NO_LEADER.name)
    assert stopped.choices == (Recover(cut),)


def test_a_run_that_is_too_long_for_the_budget_is_left(world_rules):
    run = transcript(asked(1), asked(2))
    assert not express(world_rules(), run, "other", out_of_time=lambda: True).is_whole


def test_services_take_snapshots_where_choices_say_so():
    histories = Histories(
        InProcessBoxFactory(Submission.find(ROOT / "raft")), Setting(1)
    )
    choices, error = expressed(
        Rules(histories, histories.setting),
        # It leads after the first of the time-outs that this takes.
        CalledByItself(0, None, (vote(0, 1),)),
        *[Started(0, None)] * 3,
        SnapshotTaken(0, None, 2),
        # In a snapshot already, and not applied so far.
        SnapshotTaken(0, None, 1),
        SnapshotTaken(0, None, 4),
        SnapshotTaken(0, 1, 3),
    )
    assert choices[-3:] == [
        "start 0", "snapshot 0 up to 2", "snapshot 0 up to 3, dies after 1",
    ]  # fmt: skip
    assert error is None


def test_a_world_that_takes_snapshots_by_itself_needs_no_choices_for_them(world_rules):
    rules = world_rules(setting=Setting(3, snapshot_interval=2))
    happened = SnapshotTaken(0, None, 1), SnapshotTaken(1, 1, 1)
    assert expressed(rules, *happened) == (["crash 1"], None)


def test_a_property_that_is_broken_first_stands_for_what_follows_from_it():
    error = SubmissionError(codes.TERM_FELL, "the term fell")
    assert fails_alike(codes.TWO_LEADERS.name, error)
    assert not fails_alike(codes.APPLIED_DIFFERENTLY.name, error)


@pytest.mark.parametrize(
    ("indices", "intervals"),
    [((), [0, 0]), ((2, 5, 8), [3, 0, 3]), ((2, 3, 5), [1, 0, 1])],
)  # fmt: skip
def test_worlds_with_the_intervals_of_the_run_are_tried(indices, intervals):
    made = Transcript()
    for index in indices:
        snapshot = Invoke(1, "snapshot", (index, b""))
        made.stepped(0, Life(0, 1), snapshot, ())
    tried = [
        (s.snapshot_interval, s.slow_service) for s in settings_to_try(Setting(), made)
    ]
    assert tried == [(n, at == len(intervals) - 1) for at, n in enumerate(intervals)]


@pytest.mark.parametrize(
    ("limit", "tried"), [(1000, [125, 1000]), (5, [1, 5]), (0, [0])]
)
def test_a_service_that_takes_snapshots_is_tried_with_more_of_them(limit, tried):
    setting = Setting(clients=1, max_raft_state=limit)
    found = settings_to_try(setting, transcript())
    assert [s.max_raft_state for s in found] == tried


def test_operations_of_clients_are_choices():
    suite = suite_path(3)
    service = find_service(ROOT / "tests" / "services" / "kv_threads", suite)
    histories = Histories(InProcessBoxFactory(service), Setting(clients=1))
    rules = Rules(histories, histories.setting)
    put, get = (CallName(3, 1, 0, f"KV.{method}", 1) for method in ("put", "get"))
    choices, error = expressed(
        rules,
        Called(3, None, "put", "k", 0),
        RequestArrived(0, None, put),
        CallEnded(3, None, put, answered=True),
        # It still waits for its put, and does not begin anything else.
        Called(3, None, "get", "k", None),
        RequestArrived(0, None, get),
    )
    assert choices == ["put 3 k", "deliver 3 -> 0 put", "deliver 0 -> 3 reply put"]
    assert error is None
    # It knows of no version, and puts another one than the first.
    choices, _ = expressed(rules, Called(3, None, "put", "k", 7))
    assert choices == ["put 3 k, version 7"]
    histories.close()


TWO_LEADERS = (
    asked(2),
    asked(1),
    RequestArrived(0, None, vote(1, 0)),
    RequestArrived(0, None, vote(2, 0)),
    CallEnded(1, None, vote(1, 0), True),
    CallEnded(2, None, vote(2, 0), True),
)


def once_expressed(happened):
    """Return a budget that is used up as soon as the run is expressed."""
    asked_so_far = itertools.count()
    return lambda: next(asked_so_far) >= len(happened)


def minimal(boxes, code="two-leaders", happened=TWO_LEADERS, late=False):
    setting = Setting(elections_only=True)
    out_of_time = once_expressed(happened) if late else lambda: False
    return minimal_list(boxes, setting, transcript(*happened), code, out_of_time)


@pytest.mark.slow
def test_what_a_failure_needs_is_left(elector_boxes):
    boxes = elector_boxes(*VOTES_TWICE)
    found = minimal(boxes, happened=(Crashed(0), *TWO_LEADERS, Crashed(1)))
    assert isinstance(found, Minimal)
    assert len(found.run.choices) == 4
    assert (found.expressed, found.is_whole) == (7, True)
    assert found.error.code is codes.TWO_LEADERS


@pytest.mark.slow
def test_a_list_that_took_too_long_is_not_shortened_further(elector_boxes):
    found = minimal(elector_boxes(*VOTES_TWICE), late=True)
    assert (len(found.run.choices), found.replays, found.is_whole) == (6, 0, False)


@pytest.mark.parametrize(
    ("code", "bug", "why"),
    [
        ("too-many-rpcs", VOTES_TWICE, "`too-many-rpcs` is found by times or counts"),
        ("two-leaders", (), "another end: it passes"),
        ("term-fell", VOTES_TWICE, "another end: it fails by `two-leaders`"),
    ],
)  # fmt: skip
def test_what_cannot_be_expressed_is_said(elector_boxes, code, bug, why):
    found = minimal(elector_boxes(*bug), code)
    assert isinstance(found, NotExpressed)
    assert why in found.why


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mutant", "test", "choices_max"),
    [
        ("votes_for_any_log", "test_rejoin_of_partitioned_leader", 250),
    ],
)  # fmt: skip
def test_a_run_of_the_suite_fails_in_the_same_way(
    mutant, test, choices_max, graded_tests
):
    submission = Submission.find(ROOT / "tests" / "mutants" / f"{mutant}.py")
    seen = Transcript()
    conditions = RunConditions(submission, graded_tests[test], 0)
    run = run_test(conditions, recording=Recording(observers=(seen,)))
    boxes = InProcessBoxFactory(submission)
    found = minimal_list(
        boxes, Setting(), seen, run.code, once_expressed(seen.happened)
    )
    assert isinstance(found, Minimal)
    assert 0 < found.expressed < choices_max
