"""Explanations of logs and snapshots, for traces written by hand."""

import msgspec
import pytest

from tester.explain.explain import explain
from tester.traces import rows, values
from tester.traces.reader import Trace


def said(writer, code):
    """Return the sentence of a code; None if there is none."""
    found = explain(Trace(writer.header, writer.rows))
    return {one.code: one.text for one in found}.get(code)


def sends(run):
    run.append(0, 1, (30, 1), [(1, "x")], commit=30)


def snapshots(run, server=1, index=30):
    run.add(rows.Snapshotted, server=server, incarnation=1, index=index, bytes=9)


def sends_at_the_next(run):
    run.append(0, 1, (31, 1), [(1, "x")], commit=32)


def sends_more_than_a_trace_keeps(run):
    sent = [[1, f"c{index}"] for index in range(24, 31)] + [[1, "x"]]
    run.append(0, 1, (23, 1), [], commit=32)
    fields = run.rows[-4].body["fields"]
    fields["entries"] = values.of_long_list(12, sent, [[1, "z"]] * 3)


def has_a_method_of_its_own(run):
    run.rpc(0, 1, "catch_up", {"entries": [[1, "x"]]}, {"ok": True})


@pytest.mark.parametrize(
    ("acts", "found"),
    [
        ((sends, snapshots), True),
        ((snapshots, sends), False),
        ((sends,), False),
        ((sends, snapshots, sends_at_the_next), False),
        ((sends, snapshots, sends_more_than_a_trace_keeps), False),
        ((sends, snapshots, has_a_method_of_its_own), False),
    ],
)
def test_a_command_that_moves_under_a_snapshot(elected, acts, found):
    elected.start(0, 31, 1, "x")
    for act in acts:
        act(elected)
    elected.add(rows.Applied, server=1, incarnation=1, index=32, command="x")
    text = said(elected, "shifted-after-snapshot")
    assert (text is not None) is found
    if found:
        assert "at index 32; it had got it for index 31 alone, and snapshot(30)" in text


@pytest.mark.parametrize(("before", "found"), [(True, False), (False, True)])
def test_a_leader_that_sent_it_before_its_snapshot_had_it_there(elected, before, found):
    elected.start(0, 31, 1, "x")
    acts = [lambda: elected.append(0, 2, (31, 1), [(1, "x")]), lambda: sends(elected)]
    for act in acts if before else acts[1:]:
        act()
    snapshots(elected, server=0)
    acts[0]()
    elected.add(rows.Applied, server=0, incarnation=1, index=32, command="x")
    assert (said(elected, "shifted-after-snapshot") is not None) is found


def is_sent_a_snapshot(run):
    args = {"term": 1, "last_included_index": 30, "last_included_term": 1}
    run.rpc(2, 0, "install_snapshot", args, {"term": 1})


def answers_late(run):
    args = {"term": 1, "entries": [], "prev_log_index": 0, "leader_commit": 0}
    run.rpc(2, 0, "append_entries", args, {"term": 1, "success": False})
    run.rows[-2] = msgspec.structs.replace(run.rows[-2], cause=0)


@pytest.mark.parametrize("act", [is_sent_a_snapshot, answers_late])
def test_what_start_has_returned_stays_true(elected, act):
    elected.start(0, 31, 1, "x")
    elected.append(0, 1, (30, 1), [(1, "x")], commit=30)
    act(elected)
    elected.append(0, 2, (30, 1), [(1, "y")], commit=31)
    text = said(elected, "sent-what-its-log-lacks")
    assert "sent index 31 with 'y', though start had returned this index" in text


def test_what_start_returned_before_a_restart_is_of_an_earlier_life(elected):
    elected.start(0, 31, 1, "x")
    elected.add(rows.Control, verb="crash", args=[0])
    elected.add(rows.Boot, server=0, incarnation=2, raft_state=9)
    elected.append(0, 2, (30, 1), [(1, "y")], commit=30, incarnation=2)
    assert said(elected, "sent-what-its-log-lacks") is None
