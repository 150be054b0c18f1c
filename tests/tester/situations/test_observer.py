"""A run is watched for situations: it stays as it is, and what it meets is reported."""

import pytest

from labrpc.submission.submission import Submission
from labrpc.world.events import Apply, Invoke, Persist, Request, Result
from labrpc.world.rpc import Delivery, Loss, Rpc
from tester.judging.run import Recording, run_test
from tester.judging.run_conditions import RunConditions
from tester.situations.catalogue import (
    AT_TIMES_FROM_OUTSIDE,
    FROM_OUTSIDE,
    SITUATIONS,
)
from tester.situations.observer import SituationObserver
from tester.situations.report import NAMES_DIFFER, MetSituations, situation_lines
from tester.verdict import Run, Verdict


@pytest.mark.slow
def test_watching_changes_no_run(example, graded_tests):
    conditions = RunConditions(
        Submission.find(example("raft")), graded_tests["test_told_term"], 1
    )
    watched = run_test(conditions, recording=Recording(digest=True, situations=True))
    alone = run_test(conditions, recording=Recording(digest=True))
    assert watched.digest == alone.digest
    assert alone.situations == []
    assert {"elected-at-once", "restart-having-voted"} <= set(watched.situations)
    assert set(watched.situations) <= set(SITUATIONS)


class Life:
    """One incarnation of a server."""

    def __init__(self, server, incarnation=1):
        self.server, self.incarnation = server, incarnation


@pytest.fixture
def watch():
    return SituationObserver(3, {})


def test_a_crash_between_saving_and_replying(watch):
    for actions, expected in (([], False), ([Persist(b"x", b"")], True)):
        host = Life(1)
        watch.stepped(5, host, Request(1, 0, "Raft.take", b""), actions)
        watch.crashed(5, host)
        assert ("crash-before-reply" in watch.met()) == expected


def test_a_server_that_has_survived_its_step_does_not_die_in_it(watch):
    host, event = Life(1), Request(1, 0, "Raft.take", b"")
    watch.controlled(1, "crash point", (1, "between_saves"))
    watch.stepped(5, host, event, [Persist(b"x", b"")])
    watch.settled(5, host, event, [Persist(b"x", b"")])
    watch.crashed(6, host)
    assert watch.met() == []


def test_a_request_that_was_lost_was_not_heard(watch):
    rpc = Rpc(1, Life(0), 1, 2, "Raft.take")
    watch.lost(1, Delivery(rpc, 1), Loss.CUT_OFF)
    assert watch.met() == []


@pytest.mark.parametrize(
    "value", [None, (1, 2), ("1", 1, True), (1, "t", True), [1, 1, 1], (2**99, 1, True)]
)
def test_what_a_server_returns_may_be_anything(watch, value):
    watch.stepped(1, Life(0), Invoke(1, "start", ("x",)), [Result(1, value)])
    watch.stepped(1, Life(0), Invoke(2, "snapshot", (value, b"")), [])
    message = (False, None, value, True, b"", value, value)
    watch.stepped(1, Life(0), Invoke(3, "kill", ()), [Apply(1, message)])
    watch.stepped(
        1, Life(0), Invoke(3, "kill", ()), [Apply(1, (True, 1, value, *"1234"))]
    )
    assert watch.met() == []


# What many runs have met.


def a_run(seed, *situations, rpcs=10, hidden=False):
    return Run(
        submission="s", part="2A", test="test_x", seed=seed, points=1,
        verdict=Verdict.PASSED, rpcs=rpcs, hidden=hidden, situations=list(situations),
    )  # fmt: skip


def test_the_cheapest_run_is_named_and_what_was_never_met():
    runs = [
        a_run(1, "term-skipped", "two-leaders", rpcs=30),
        a_run(2, "term-skipped", rpcs=20),
        a_run(3, "term-skipped", "no such situation", rpcs=10, hidden=True),
        a_run(4, "all-down-and-up", hidden=True),
    ]
    headline, *rows = situation_lines(runs)
    assert headline.startswith(
        f"situations: the runs met 3 of {len(SITUATIONS)}; never: "
    )
    assert "elected-at-once, " in headline
    assert "two-leaders" not in headline
    assert [row.rpartition("(")[2] for row in rows] == [
        "test_x at seed 2)", "test_x at seed 1)", "test_x at a hidden seed)",
    ]  # fmt: skip


def test_runs_that_were_not_watched_have_no_lines():
    assert situation_lines([a_run(1)]) == []


def test_runs_without_the_recommended_names_are_explained():
    met = MetSituations()
    met.add([a_run(1, "heard-not-answered", "command-lost")])
    unseen = len(SITUATIONS) - len(FROM_OUTSIDE) - 1
    assert f"; {unseen} cannot be seen; never: crash-before" in met.headline()
    assert "elected-at-once" not in met.headline()
    assert NAMES_DIFFER in list(met.lines())
    met.add([a_run(1, "term-skipped")])
    assert NAMES_DIFFER not in list(met.lines())
    assert "cannot be seen" not in met.headline()
    assert "elected-at-once" in met.never
    assert set(SITUATIONS) > FROM_OUTSIDE | AT_TIMES_FROM_OUTSIDE
