"""Explanations that no typical mistake needs, shown by traces made by hand."""

import re

import msgspec
import pytest

from tester.explain import elections, persistence, traffic
from tester.explain.explain import explain, explanation_lines
from tester.traces import rows
from tester.traces.reader import Trace

VOTE = {"term": 3, "vote_granted": True}


def asked(candidate):
    return {
        "term": 3,
        "candidate_id": candidate,
        "last_log_index": 0,
        "last_log_term": 0,
    }


def test_two_votes_in_a_term_are_told_with_the_restart_between(writer):
    writer.rpc(0, 2, "request_vote", asked(0), VOTE)
    writer.rpc(1, 2, "request_vote", asked(1), VOTE, incarnation=2)
    (found,) = elections.voted_twice(writer.history)
    assert (
        "server 2 voted for server 0 and, after a restart, for server 1" in found.text
    )
    assert [fact.server for fact in found.facts] == [2, 2]
    assert "5.2" in found.rule


def test_the_same_vote_twice_is_no_mistake(writer):
    for _ in range(2):
        writer.rpc(0, 2, "request_vote", asked(0), VOTE)
    assert list(elections.voted_twice(writer.history)) == []


def test_a_vote_without_a_save_is_found_where_others_were_saved(writer):
    writer.rpc(0, 1, "request_vote", asked(0), VOTE, save=True)
    assert list(elections.voted_without_saving(writer.history)) == []
    writer.rpc(0, 2, "request_vote", asked(0), VOTE)
    writer.saved(2)
    (found,) = elections.voted_without_saving(writer.history)
    assert "server 2 gave server 0 its vote" in found.text


def restarts_after_snapshot(writer, saved):
    writer.add(rows.Snapshotted, server=1, index=9, bytes=5)
    writer.add(rows.Saved, server=1, raft_state=5, snapshot=saved, digest="d")
    writer.add(rows.Boot, server=1, incarnation=2, raft_state=5, snapshot=saved)
    writer.add(rows.Applied, server=1, index=1, command=7)


def test_a_snapshot_that_a_crash_kept_from_being_saved_holds_nothing(writer):
    restarts_after_snapshot(writer, saved=4)
    assert list(persistence.applied_below_snapshot(writer.history)) == []


def test_what_a_snapshot_holds_is_applied_again(writer):
    restarts_after_snapshot(writer, saved=5)
    (found,) = persistence.applied_below_snapshot(writer.history)
    assert "snapshot of index 9, and applied index 1" in found.text


def test_one_request_that_is_refused_without_end(writer):
    args = {"term": 2, "prev_log_index": 4}
    for _ in range(traffic.REFUSED_MIN - 1):
        writer.rpc(0, 1, "append_entries", args, {"term": 2, "success": False})
    assert list(traffic.refused_again_and_again(writer.history)) == []
    writer.rpc(0, 1, "append_entries", args, {"term": 2, "success": False})
    (found,) = traffic.refused_again_and_again(writer.history)
    assert f"{traffic.REFUSED_MIN} times" in found.text


def test_one_snapshot_that_is_sent_without_end(writer):
    args = {"term": 2, "last_included_index": 4}
    for _ in range(traffic.SNAPSHOTS_MIN):
        writer.rpc(0, 1, "install_snapshot", args, {"term": 2})
    (found,) = traffic.snapshot_again_and_again(writer.history)
    assert "snapshot of index 4" in found.text


def test_of_a_trace_without_its_beginning_nothing_is_said(writer):
    for _ in range(traffic.SNAPSHOTS_MIN):
        args = {"term": 2, "last_included_index": 4}
        writer.rpc(0, 1, "install_snapshot", args, {"term": 2})
    whole = Trace(writer.header, writer.rows)
    assert explain(whole)
    head, _, first, last, rule = explanation_lines(whole, explain(whole))
    assert head == "what the trace proves:"
    assert "0.001 s: server 0 sends it for the first time" in first
    assert "for the last time" in last
    assert re.fullmatch(r"    the rule, [a-z-]+: .+", rule)
    cut = Trace(writer.header, writer.rows, dropped=rows.Dropped(dropped=1, until_t=1))
    assert explain(cut) == explanation_lines(cut, explain(cut)) == []


def test_messages_of_other_shapes_are_passed_over(writer):
    writer.rpc(0, 1, "request_vote", {"0": 3, "1": "x"}, {"0": None})
    writer.rpc(0, 1, "append_entries", {}, {})
    assert explain(Trace(writer.header, writer.rows)) == []


def test_nothing_is_said_of_saving_where_nothing_need_be_saved(writer):
    writer.rpc(0, 1, "request_vote", asked(0), VOTE)
    (found,) = persistence.saved_nothing(writer.history)
    assert "server 1 answered RPCs" in found.text
    assert explain(Trace(writer.header, writer.rows)) == []
    required = msgspec.structs.replace(writer.header, persistence=True)
    codes = [one.code for one in explain(Trace(required, writer.rows))]
    assert codes == ["saved-nothing"]


def test_nothing_is_said_of_rates_where_choices_drive_the_run(writer):
    beat = {"term": 1, "leader_id": 0, "prev_log_index": 0, "entries": []}
    for _ in range(100):
        writer.rpc(0, 1, "append_entries", beat, {"term": 1, "success": True})
    found = [one.code for one in explain(Trace(writer.header, writer.rows))]
    assert "requests-repeated" in found
    driven = msgspec.structs.replace(writer.header, by_choices=True)
    left = [one.code for one in explain(Trace(driven, writer.rows))]
    assert left == [code for code in found if code != "requests-repeated"]


def stands_twice(writer):
    """Let server 0 ask for votes of term 2, restart, and ask again."""
    writer.vote(0, 1, term=2)
    writer.add(rows.Boot, server=0, incarnation=2)
    writer.vote(0, 2, term=2, incarnation=2)
    return list(elections.stood_without_saving(writer.history))


@pytest.mark.parametrize("when", ["never", "before it answered in an older term"])
def test_a_candidate_that_cannot_have_saved_its_term_is_found(writer, when):
    writer.add(rows.Boot, server=0, incarnation=1)
    writer.saved(1)
    if when != "never":
        writer.saved(0)
        writer.vote(1, 0, term=1)
    (found,) = stands_twice(writer)
    assert found.code == "stood-without-saving"
    assert "server 0 asked for votes in term 2" in found.text
    assert [fact.t for fact in found.facts] == sorted(fact.t for fact in found.facts)


def test_a_candidate_that_may_have_saved_its_term_is_not_blamed(writer):
    writer.add(rows.Boot, server=0, incarnation=1)
    writer.vote(1, 0, term=1)
    writer.saved(0)
    assert stands_twice(writer) == []
