"""What each link carried last, as a failure of liveness shows it."""

import msgspec
import pytest

from tester.explain import links, traffic
from tester.explain.links import link_lines
from tester.traces import rows
from tester.traces.reader import Trace


def lines(writer, code="no-agreement"):
    end = rows.End(verdict="failed", code=code)
    replied = {(r.rpc, r.copy): r for r in writer.rows if isinstance(r, rows.Replied)}
    return link_lines(Trace(writer.header, writer.rows, end, replied=replied))


@pytest.fixture
def run(writer):
    for server in range(3):
        writer.add(rows.Boot, server=server, incarnation=1)
    for peer in (1, 2):
        for _ in range(3):
            writer.append(0, peer, (5, 1), [], success=False)
    for _ in range(2):
        writer.rpc(1, 2, "request_vote", {"term": 2})
        writer.add(
            rows.Lost,
            server=2,
            peer=1,
            rpc=writer.rpcs,
            method="request_vote",
            why="reply lost",
        )
    return writer


def test_links_that_carried_the_same_are_one_line(run):
    title, *found = lines(run)
    assert title == "what each link carried in the last 0.033 s:"
    assert found == [
        "  0 → 1, 2  append_entries: 3 sent, 3 arrived, 3 answered, 3 refused, always the "
        "same answer",
        "  1 → 2  request_vote: 2 sent, 2 arrived, 0 answered; reply lost: 2",
        "  server 2, up, sent nothing",
    ]


def test_too_many_requests_are_shown_by_link(run):
    assert lines(run, "too-many-rpcs") == lines(run)


def test_what_came_before_the_last_seconds_does_not_count(run):
    run.wait(6)
    run.append(0, 1, (5, 1), [])
    assert lines(run)[1] == "  0 → 1  append_entries: 1 sent, 1 arrived, 1 answered"


def test_a_list_of_choices_has_no_times_and_counts_from_its_recovery(run):
    run.header.by_choices = True
    run.add(rows.Control, server=-1, verb="recover without 1", args=[])
    run.wait(2)
    run.append(0, 2, (5, 1), [])
    assert lines(run) == [
        "what each link carried while servers were to recover:",
        "  0 → 2  append_entries: 1 sent, 1 arrived, 1 answered",
        "  servers 1, 2, up, sent nothing",
    ]


@pytest.mark.parametrize(
    ("waits", "said"),
    [((0.7, 0.7), " after 0.7 s"), ((0.01, 1.5), " after 0.0 to 1.5 s"), ((0.05,), "")],
)
def test_late_answers_are_said_to_be_late(writer, waits, said):
    for seconds in waits:
        writer.append(0, 1, (5, 1), [], arrives=False)
        replied = writer.rows[-1]
        writer.wait(seconds)
        common = {"rpc": replied.rpc, "method": replied.method}
        writer.add(rows.ReplyArrived, server=0, peer=1, cause=replied.n, **common)
    times = f"{len(waits)} sent, {len(waits)} arrived, {len(waits)} answered"
    assert lines(writer)[1] == f"  0 → 1  append_entries: {times}{said}"


@pytest.mark.parametrize(
    ("leads", "said"),
    [(True, ""), (False, ", 2 answered, 2 refused")],
)
def test_where_a_server_leads_without_answers_none_is_a_refusal(writer, leads, said):
    fields = {"server": 0, "incarnation": 1, "term": 1, "leads": leads}
    writer.add(rows.Reported, **fields)
    for _ in range(2):
        writer.rpc(0, 1, "message", {"kind": "vote"}, arrives=False)
        sent = writer.rows[-2]
        common = {"rpc": sent.rpc, "method": "message"}
        writer.add(rows.Replied, server=1, peer=0, body=None, size=1, **common)
        writer.add(rows.ReplyArrived, server=0, peer=1, **common)
    assert lines(writer)[1] == f"  0 → 1  message: 2 sent, 2 arrived{said}"
    none = list(traffic.handler_returned_none(writer.history))
    assert len(none) == (0 if leads else 1)


def test_a_server_that_is_down_does_not_count_as_silent(run):
    run.add(rows.Control, verb="crash", args=[2])
    assert "sent nothing" not in "\n".join(lines(run))


def test_of_many_links_the_busiest_are_shown(run, monkeypatch):
    monkeypatch.setattr(links, "LINES_MAX", 1)
    _, first, rest, _ = lines(run)
    assert first.startswith("  0 → 1, 2")
    assert rest == "  and other links, with fewer requests"


def test_another_failure_is_not_explained_by_links(run):
    assert lines(run, "two-leaders") == []
    header = msgspec.structs.replace(run.header)
    assert link_lines(Trace(header, run.rows)) == []


def test_calls_that_their_callers_still_wait_for_are_said(run):
    run.wait(6)
    run.append(0, 1, (5, 1), [])
    assert "  1 → 2  request_vote: 2 calls under way for up to 6.0" in lines(run)[2]
    last = {"rpc": 8, "method": "request_vote"}
    run.add(rows.NoReply, server=1, peer=2, **last)
    assert "  1 → 2  request_vote: 1 call under way for up to 6.0" in lines(run)[2]
    # Another life of the caller waits for nothing.
    run.add(rows.Boot, server=1, incarnation=2)
    assert not any("under way" in line for line in lines(run))
