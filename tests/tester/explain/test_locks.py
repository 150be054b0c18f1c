"""A lock that is held across a wait is a reason only where a server stands still."""

import pytest

from labrpc.codes import DEADLOCK, LOCK_HELD_ACROSS_WAIT
from tester.explain import locks
from tester.traces import rows


def holds(writer, server=1, incarnation=1):
    writer.add(
        rows.Warned, server=server, incarnation=incarnation,
        code=LOCK_HELD_ACROSS_WAIT.name, text="a lock is held",
    )  # fmt: skip


def found(writer):
    return list(locks.lock_held(writer.history))


@pytest.mark.parametrize(("seconds", "said"), [(0.05, False), (0.2, True)])
def test_a_request_that_is_not_answered_for_long(writer, seconds, said):
    holds(writer)
    writer.rpc(0, 1, "request_vote", {"term": 1})
    writer.wait(seconds)
    writer.add(rows.Boot, server=2, incarnation=1)
    assert bool(found(writer)) is said


@pytest.mark.parametrize(
    "ended",
    [
        lambda run: run.add(rows.Control, verb="crash", args=[1]),
        lambda run: run.add(rows.Boot, server=1, incarnation=2),
    ],
)
def test_a_server_that_is_down_answers_nothing(writer, ended):
    holds(writer)
    writer.rpc(0, 1, "request_vote", {"term": 1})
    ended(writer)
    writer.wait(1)
    writer.add(rows.Boot, server=2, incarnation=1)
    assert found(writer) == []


def test_a_request_to_another_server_proves_nothing(writer):
    holds(writer, server=2)
    writer.rpc(0, 1, "request_vote", {"term": 1})
    writer.wait(1)
    writer.add(rows.Boot, server=2, incarnation=1)
    assert found(writer) == []


def test_a_start_that_takes_long(writer):
    holds(writer)
    writer.start(1, 1, 1, "x")
    assert found(writer) == []
    writer.add(
        rows.Proposed, server=1, incarnation=1, command="y", index=2, term=1, leads=True,
        asked_t=0,
    )  # fmt: skip
    assert found(writer) == []
    writer.now += 200_000_000
    writer.add(
        rows.Proposed, server=1, incarnation=1, command="z", index=3, term=1, leads=True,
        asked_t=0,
    )  # fmt: skip
    (one,) = found(writer)
    assert one.facts[1].text.startswith("returns from start after 0.20")


def test_a_deadlock(writer):
    holds(writer)
    writer.add(
        rows.Broke, server=1, incarnation=1, code=DEADLOCK.name, headline="deadlock"
    )
    (one,) = found(writer)
    assert one.text == "a lock is held"
    assert [fact.text for fact in one.facts] == ["holds the lock", "is in a deadlock"]
