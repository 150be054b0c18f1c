"""The counter of part 3A, and the commands that can have moved it."""

import msgspec
import pytest

from tester.explain.explain import explain
from tester.explain.service_counter import COUNTER
from tester.traces import rows


@pytest.fixture
def counters(service):
    """Rows of part 3A: server 0 has started, and 1 is submitted to it."""
    service.header = msgspec.structs.replace(service.header, clients=0, service="rsm")
    service.step(rows.Boot, 0, incarnation=1)
    service.call(0, "submit", 1)
    return service


def moves(counters, number, server=0):
    """Add that a server's counter has another value."""
    counters.step(rows.Changed, server, fields={COUNTER: str(number)})


def test_a_counter_that_moves_before_its_entry_is_applied_is_named(counters):
    moves(counters, 1)
    counters.apply(0, 1, 1)
    (one,) = explain(counters.trace)
    assert one.code == "performed-more-than-applied"
    assert "from 0 to 1 when 0 commands had come out of its apply_ch" in one.text


def test_one_that_moves_twice_with_one_entry_is_named(counters):
    counters.apply(0, 1, 1)
    moves(counters, 2)
    assert counters.said() == ["performed-more-than-applied"]


def test_one_that_moves_there_and_back_is_named(counters):
    counters.apply(0, 1, 1)
    moves(counters, 1)
    moves(counters, 0)
    assert counters.said() == ["performed-more-than-applied"]


def test_nothing_is_said_of_one_that_moves_with_its_entries_or_later(counters):
    counters.apply(0, 1, 1)
    counters.apply(0, 2, 1)
    moves(counters, 2)
    # It starts again, and performs the log again.
    counters.step(rows.Boot, 0, incarnation=2)
    counters.apply(0, 1, 1)
    moves(counters, 1)
    moves(counters, "(gone)")
    assert counters.said() == []


@pytest.mark.parametrize("at_the_start", [True, False])
def test_nothing_is_said_of_one_that_a_snapshot_may_have_set(counters, at_the_start):
    counters.step(rows.Boot, 0, incarnation=2, snapshot=9 if at_the_start else 0)
    if not at_the_start:
        counters.step(rows.AppliedSnapshot, 0, index=5, term=1, bytes=9)
    moves(counters, 5)
    assert counters.said() == []


def test_a_service_above_the_log_has_no_counter(service):
    service.step(rows.Boot, 0)
    moves(service, 7)
    assert service.said() == []


def test_an_entry_may_hold_several_requests(counters):
    counters.step(rows.Applied, 0, index=1, command=[["a", 1], ["b", 1], ["c", 1]])
    moves(counters, 3)
    assert counters.said() == []
    moves(counters, 4)
    assert counters.said() == ["performed-more-than-applied"]


@pytest.mark.parametrize(
    "command",
    [{"bytes": 90}, {"items": 50, "first": [["a", 1]] * 8, "last": [["z", 1]] * 3}],
)
def test_nothing_is_said_after_an_entry_that_cannot_be_read(counters, command):
    counters.step(rows.Applied, 0, index=1, command=command)
    moves(counters, 50)
    assert counters.said() == []
