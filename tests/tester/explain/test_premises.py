"""Correct Rafts whose messages do not mean what Figure 2 says: nothing is said of them."""

import pytest

from tester.explain.explain import explain
from tester.traces import rows
from tester.traces.reader import Trace


def codes(writer):
    return {one.code for one in explain(Trace(writer.header, writer.rows))}


# Indices that begin at 0.


def count_from_zero(writer):
    for row in writer.rows:
        if isinstance(row, rows.Sent):
            fields = row.body["fields"]
            for name in fields.keys() & {
                "prev_log_index", "leader_commit", "last_log_index"
            }:  # fmt: skip
                fields[name] -= 1


def test_a_log_that_begins_at_index_zero_breaks_no_rule(elected):
    count_from_zero(elected)
    assert not elected.history.indices_begin_at_one
    assert codes(elected) == set()


def test_where_a_log_begins_shows_in_its_commands_too(elected):
    count_from_zero(elected)
    first = {
        row.rpc
        for row in elected.rows
        if isinstance(row, rows.Sent) and row.body["fields"].get("prev_log_index") == -1
    }
    elected.rows = [row for row in elected.rows if getattr(row, "rpc", 0) not in first]
    assert codes(elected) == set()


def test_a_request_before_the_first_entry_is_a_mistake_where_candidates_begin_at_one(
    writer,
):
    writer.vote(0, 1)
    writer.append(0, 1, (-1, 0), [])
    assert "negative-prev-log-index" in codes(writer)


# Requests that may only ask.


@pytest.mark.parametrize("kind", ["pre-vote", 0, {"class": "Kind", "fields": {}}])
def test_a_request_of_a_kind_is_no_candidacy(writer, kind):
    args = {"term": 2, "last_log_index": 0, "last_log_term": 0, "kind": kind}
    for src in (0, 1):
        reply = {"term": 0, "vote_granted": True}
        writer.rpc(src, 1 - src, "request_vote", args | {"candidate_id": src}, reply)
    writer.append(2, 1, (0, 0), [])
    assert codes(writer) == set()


def test_a_candidate_may_give_its_number_by_any_name(writer):
    for src in (0, 1):
        args = {"term": 2, "last_log_index": 0, "last_log_term": 0, "sender": src}
        reply = {"term": 2, "vote_granted": True}
        writer.rpc(src, 1 - src, "request_vote", args, reply)
    assert "voted-twice" in codes(writer)


# Answers that take a part.


@pytest.mark.parametrize(
    "says",
    [
        lambda prev, taken: {"match_index": prev + taken},
        lambda prev, taken: {"next": prev + taken + 1},
        lambda prev, taken: {"stored": taken},
    ],
)
def test_a_follower_may_take_a_part_of_what_it_is_sent(elected, says):
    entries = [(1, "x"), (1, "y")]
    elected.append(0, 1, (30, 1), entries[:1], says=says(30, 1))
    elected.append(0, 1, (31, 1), entries, says=says(31, 1))
    elected.append(0, 1, (33, 1), [], success=False)
    assert codes(elected) == set()


def test_a_number_that_says_something_else_does_not_limit_an_answer(elected):
    entries = [(1, "x"), (1, "y")]
    says = {"conflict_index": 0, "conflict_term": 0, "last_log_index": 33}
    elected.append(0, 1, (30, 1), entries[:1], says=says)
    elected.append(0, 1, (31, 1), entries, says=says)
    elected.append(0, 1, (33, 1), [], success=False)
    assert "shortened-agreeing-log" in codes(elected)


# Methods that the paper does not have.


def beat(writer, dst, **says):
    writer.rpc(0, dst, "heartbeat", {"term": 1, "leader_id": 0} | says, {"term": 1})


def apply_uncommitted(writer):
    writer.append(0, 1, (30, 1), [(1, "x")], commit=30)
    writer.add(rows.Applied, server=1, incarnation=1, index=31, command="x")


@pytest.mark.parametrize(
    ("method", "says"),
    [
        ("heartbeat", {"leader_commit": 31}),
        ("heartbeat", {"2": 31}),
        ("heartbeat", {"state": [1, 31]}),
        ("request_vote", {"last_log_index": 30, "committed": 31}),
    ],
)
def test_what_is_committed_may_be_said_by_another_message(elected, method, says):
    elected.rpc(2, 1, method, {"term": 1} | says, {"term": 1, "vote_granted": False})
    apply_uncommitted(elected)
    assert codes(elected) == set()


def test_a_number_may_be_a_whole_message(elected):
    elected.rpc(0, 1, "heartbeat", {"term": 1})
    elected.rows[-2] = rows.Sent(
        n=elected.rows[-2].n, t=elected.now, server=0, peer=1, rpc=elected.rpcs,
        method="heartbeat", body=31, size=1,
    )  # fmt: skip
    apply_uncommitted(elected)
    assert codes(elected) == set()


def test_a_message_without_a_number_does_not_say_what_is_committed(elected):
    beat(elected, 1)
    apply_uncommitted(elected)
    assert codes(elected) == {"applied-uncommitted"}


@pytest.mark.parametrize(("beats", "found"), [(True, False), (False, True)])
def test_heartbeats_may_have_a_method_of_their_own(elected, beats, found):
    for _ in range(6):
        elected.append(0, 1, (30, 1), [], commit=30)
        if beats:
            beat(elected, 2)
        elected.wait(0.5)
    assert ("left-without-heartbeats" in codes(elected)) is found


@pytest.mark.parametrize(("beats", "found"), [(True, False), (False, True)])
def test_a_leader_may_only_send_messages_of_its_own(elected, beats, found):
    elected.vote(1, 2, (30, 1), term=2)
    elected.wait(1)
    if beats:
        elected.rpc(1, 2, "heartbeat", {"term": 2}, {"term": 2})
    elected.vote(1, 2, (30, 1), term=3, granted=False)
    assert ("elected-without-leading" in codes(elected)) is found
