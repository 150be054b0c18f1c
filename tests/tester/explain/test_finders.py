"""Explanations that no typical mistake needs, shown by traces made by hand."""

import re

import msgspec
import pytest

from tester.explain import (
    candidates,
    commits,
    elections,
    persistence,
    time_outs,
    traffic,
)
from tester.explain.disturbances import undisturbed_since
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


def test_a_vote_may_have_been_saved_before_a_crash(writer):
    writer.rpc(0, 1, "request_vote", asked(0), save=True)
    writer.add(rows.Boot, server=1, incarnation=2)
    writer.rpc(0, 1, "request_vote", asked(0), VOTE, incarnation=2)
    assert list(elections.voted_without_saving(writer.history)) == []


@pytest.mark.parametrize(
    ("before", "found"),
    [
        ("nothing", 1),
        ("a copy of a refused request", 0),
        ("a handler that answers later", 0),
        ("its own log", 0),
    ],
)
def test_an_entry_may_be_stored_before_the_request(writer, before, found):
    writer.saved(1)
    if before == "its own log":
        writer.append(1, 0, (4, 1), [(1, "x")], success=False)
    writer.append(0, 1, (4, 1), [(1, "x")], success=False)
    common = {
        "server": 1, "peer": 0, "rpc": writer.rpcs, "copy": True,
        "method": "append_entries", "incarnation": 1,
    }  # fmt: skip
    if before.startswith("a "):
        arrived = writer.add(rows.Arrived, **common)
        writer.saved(1)
    if before.startswith("a copy"):
        body = {"class": "Reply", "fields": {"term": 1, "success": True}}
        writer.add(rows.Replied, cause=arrived.n, body=body, size=1, **common)
    writer.append(0, 1, (4, 1), [(1, "x")])
    assert len(list(persistence.accepted_without_saving(writer.history))) == found


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


def beats_until_refused_often(writer, between):
    for number in range(traffic.REFUSED_MIN + 2):
        args = {"term": 2, "prev_log_index": 9}
        writer.rpc(0, 1, "append_entries", args, {"term": 2, "success": False})
        between(number)
    return len(list(traffic.refused_again_and_again(writer.history)))


@pytest.mark.parametrize(
    ("step", "success", "found"),
    [
        # It looks for where the logs part, or has found it; or it does nothing new.
        (1, False, 0),
        (0, True, 0),
        (0, False, 1),
    ],
)
def test_heartbeats_are_refused_while_other_requests_get_on(
    writer, step, success, found
):
    def probe(number):
        args = {"term": 2, "prev_log_index": 8 - step * number}
        writer.rpc(0, 1, "append_entries", args, {"term": 2, "success": success})

    assert beats_until_refused_often(writer, probe) == found


@pytest.mark.parametrize("method", ["install_snapshot", "send_snapshot"])
@pytest.mark.parametrize("ends", [False, True])
def test_heartbeats_are_refused_while_a_snapshot_is_on_its_way(writer, method, ends):
    def send(number):
        if number == 1:
            writer.rpc(0, 1, method, {"term": 2, "last_included_index": 20})
            if ends:
                call = {"server": 0, "peer": 1, "rpc": writer.rpcs, "method": method}
                writer.add(rows.NoReply, **call)

    assert beats_until_refused_often(writer, send) == ends


def test_one_snapshot_that_is_sent_without_end(writer):
    args = {"term": 2, "last_included_index": 4}
    for _ in range(traffic.SNAPSHOTS_MIN):
        writer.rpc(0, 1, "install_snapshot", args, {"term": 2})
    (found,) = traffic.snapshot_again_and_again(writer.history)
    assert "snapshot of index 4" in found.text


def test_a_snapshot_may_be_sent_in_parts(writer):
    for part in range(traffic.SNAPSHOTS_MIN):
        args = {"term": 2, "last_included_index": 4, "offset": part}
        writer.rpc(0, 1, "install_snapshot", args, {"term": 2})
    assert list(traffic.snapshot_again_and_again(writer.history)) == []


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


def torn_snapshot(writer, ended):
    """Return what is said of a log that was saved without its snapshot, when a life ended."""
    writer.add(rows.Saved, server=1, raft_state=9, snapshot=0, digest="")
    call = writer.add(rows.Snapshotted, server=1, index=9, bytes=5, step=7)
    writer.add(rows.Saved, server=1, raft_state=3, snapshot=0, digest="", step=7)
    writer.now = call.t
    writer.rows[-1] = msgspec.structs.replace(writer.rows[-1], t=call.t)
    writer.rows.append(ended(len(writer.rows) + 1, call.t))
    return [one.code for one in persistence.crashed_between_saves(writer.history)]


def crashed(n, t):
    return rows.Control(n=n, t=t, verb="crash", args=[1])


def started_again(n, t):
    return rows.Boot(n=n, t=t, server=1, incarnation=2)


def test_a_crash_between_two_saves_is_found(writer):
    assert torn_snapshot(writer, crashed) == ["crashed-between-saves"]


@pytest.mark.parametrize("by_choices", [False, True])
def test_in_a_list_of_choices_a_server_starts_again_where_it_died(writer, by_choices):
    writer.header.by_choices = by_choices
    found = torn_snapshot(writer, started_again)
    assert found == (["crashed-between-saves"] if by_choices else [])


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


def late(writer, src, dst, term, answer, seconds, granted=False):
    """Add a request for a vote that is answered after some time."""
    writer.vote(src, dst, term=term, answer=answer, granted=granted, arrives=False)
    writer.wait(seconds)
    replied = writer.rows[-1]
    writer.add(
        rows.ReplyArrived, server=src, peer=dst, incarnation=1, rpc=replied.rpc,
        method=replied.method, cause=replied.n,
    )  # fmt: skip


@pytest.mark.parametrize(("seconds", "found"), [(0.01, 1), (0.1, 0)])
def test_a_term_in_a_late_answer_may_never_have_been_read(writer, seconds, found):
    late(writer, 0, 1, 3, 4, seconds)
    writer.wait(0.2)
    writer.vote(0, 2, term=3)
    assert len(list(elections.ignored_higher_term(writer.history))) == found


@pytest.mark.parametrize(("seconds", "found"), [(0.01, 1), (0.1, 0)])
def test_a_vote_in_a_late_answer_may_never_have_been_read(writer, seconds, found):
    writer.append(2, 1, (0, 0), [], term=2)
    late(writer, 0, 1, 3, 3, seconds, granted=True)
    writer.wait(2)
    writer.vote(0, 1, term=4)
    assert len(list(candidates.elected_without_leading(writer.history))) == found


def stands_after_hearing(writer, times, milliseconds):
    for term in range(1, 2 * times, 2):
        writer.append(0, 1, (5, 1), [], term=term, success=False)
        writer.wait(milliseconds / 1000)
        writer.vote(1, 2, term=term + 1)


def test_a_server_that_stands_though_it_hears_from_its_leader(writer):
    stands_after_hearing(writer, 3, 100)
    (found,) = time_outs.stood_though_it_heard(writer.history)
    assert "server 1 began 3 elections within 120 ms of an append_entries" in found.text
    assert [fact.server for fact in found.facts] == [1, 1]


@pytest.mark.parametrize(("times", "milliseconds"), [(2, 100), (9, 150)])
def test_an_election_may_begin_as_its_leader_is_heard(writer, times, milliseconds):
    stands_after_hearing(writer, times, milliseconds)
    assert list(time_outs.stood_though_it_heard(writer.history)) == []


@pytest.mark.parametrize(
    "between",
    [
        {"verb": "pause", "args": [1]},
        {"verb": "clock rate", "args": [1, "3"]},
    ],
)
def test_a_server_whose_time_is_another_may_stand_soon(writer, between):
    writer.add(rows.Control, **between)
    stands_after_hearing(writer, 3, 100)
    assert list(time_outs.stood_though_it_heard(writer.history)) == []


@pytest.mark.parametrize(
    ("verb", "args", "every_s", "found"),
    [
        ("connect", [1], 0.6, 1),
        ("pause", [1], 1.2, 0),
        ("clock rate", [1, "3"], 0.6, 1),
        ("clock rate", [1, "1/2"], 0.6, 0),
        ("clock rate", [1, "1/2"], 1.2, 1),
    ],
)
def test_a_server_that_refuses_votes_and_does_not_stand(
    writer, verb, args, every_s, found
):
    writer.add(rows.Control, verb=verb, args=args)
    for term in range(2, 2 + elections.REFUSED_MIN):
        writer.vote(0, 1, term=term, granted=False)
        writer.wait(every_s)
    assert len(list(elections.refused_votes_restart_timer(writer.history))) == found


def test_a_server_that_is_asked_to_stand_does_so_at_once(writer):
    writer.rpc(0, 1, "timeout_now", {"term": 1})
    stands_after_hearing(writer, 3, 100)
    assert list(time_outs.stood_though_it_heard(writer.history)) == []


CONNECTED = [("start", 1), ("connect", 1)]


@pytest.mark.parametrize(
    ("controls", "undisturbed"),
    [
        ([], True),
        (CONNECTED, True),
        ([("disconnect", 1)], False),
        ([("disconnect", 1), ("connect", 1)], True),
        ([("crash", 1), ("heal",)], False),
        ([("crash", 1), *CONNECTED], True),
        ([("pause", 1)], False),
        ([("pause", 1), ("heal",)], True),
        ([("link", 0, 1, False)], False),
        ([("link", 0, 1, False), ("link", 0, 1, True)], True),
        ([("link", 0, 1, False), ("connect", 1)], True),
        ([("slow replies", 0, 1, 700)], False),
        ([("slow replies", 0, 1, 700), ("slow replies", 0, 1, 0)], True),
        ([("lose requests", [0, 1]), ("lose requests",)], True),
        ([("lose methods", "Raft.request_vote")], False),
        ([("crash point", 1, "between_saves"), ("crash point", 1, "none")], True),
        ([("clock rate", 1, "1/2")], False),
        ([("reliable", False), ("reliable", True), ("heal",)], False),
        ([("partition", [0], [1, 2])], False),
        ([("partition", [0], [1, 2]), ("partition", [0, 1, 2])], True),
        ([("something new",)], False),
    ],
)
def test_what_disturbs_a_run_and_what_ends_it(writer, controls, undisturbed):
    for verb, *args in controls:
        writer.add(rows.Control, verb=verb, args=args)
    since = undisturbed_since(writer.history)
    assert (since is not None) is undisturbed


def test_terms_that_a_server_raises_alone_are_no_mistake(writer):
    writer.add(rows.Control, verb="disconnect", args=[2])
    writer.add(rows.Reported, server=0, incarnation=1, term=1, leads=True)
    for term in range(2, 9):
        writer.vote(2, 1, term=term, granted=False, arrives=False)
    assert list(time_outs.terms_rise_without_failure(writer.history)) == []
    writer.rows[0] = rows.Control(n=1, t=1, verb="start", args=[2])
    (found,) = time_outs.terms_rise_without_failure(writer.history)
    assert "rose from 1 to 8" in found.text


@pytest.mark.parametrize(("snapshot", "found"), [(7, 0), (0, 1)])
def test_what_its_snapshot_holds_a_server_need_not_apply(writer, snapshot, found):
    writer.add(rows.Snapshotted, server=1, index=9, bytes=7)
    writer.add(rows.Boot, server=1, incarnation=2, raft_state=5, snapshot=snapshot)
    for _ in range(3):
        writer.append(0, 1, (9, 1), [], commit=9)
        writer.wait(1)
    assert len(list(commits.commit_not_followed(writer.history))) == found


def test_what_servers_answer_when_they_are_shut_down_is_no_mistake(writer):
    writer.append(0, 1, (0, 0), [])
    killed = writer.add(rows.Control, verb="kill", args=[0, 1])
    writer.rpc(0, 1, "append_entries", {"term": 1})
    sent, arrived = writer.rows[-2:]
    writer.add(
        rows.Replied, server=1, peer=0, rpc=sent.rpc, method=sent.method, body=None,
        size=1, cause=arrived.n,
    )  # fmt: skip
    assert list(traffic.handler_returned_none(writer.history)) == []
    writer.rows.remove(killed)
    assert len(list(traffic.handler_returned_none(writer.history))) == 1


def test_none_counts_only_where_no_later_request_was_answered(writer):
    for peer in (1, 2):
        writer.rpc(0, peer, "append_entries", {"term": 1})
        sent, arrived = writer.rows[-2:]
        writer.add(
            rows.Replied, server=peer, peer=0, rpc=sent.rpc, method=sent.method, body=None,
            size=1, cause=arrived.n,
        )  # fmt: skip
    writer.append(0, 1, (0, 0), [])
    (found,) = traffic.handler_returned_none(writer.history)
    assert "2 of 3 times, on servers 1, 2" in found.text
    writer.append(0, 2, (0, 0), [])
    assert list(traffic.handler_returned_none(writer.history)) == []
