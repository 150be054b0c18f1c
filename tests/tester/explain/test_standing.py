"""A failure for want of a leader shows which servers asked for votes in its last seconds."""

import msgspec
import pytest

from tester.explain.explain import explanation_blocks
from tester.explain.standing import standing_lines
from tester.traces import rows
from tester.traces.reader import Trace


def trace_of(writer, code="no-leader", **header):
    head = msgspec.structs.replace(writer.header, **header)
    return Trace(head, writer.rows, rows.End(verdict="failed", code=code))


@pytest.fixture
def run(writer):
    for server in range(3):
        writer.add(rows.Boot, server=server, incarnation=1)
    writer.vote(2, 0, term=1, granted=False)
    writer.wait(6)
    for term in (2, 3):
        writer.vote(0, 1, term=term, granted=False)
        writer.vote(0, 2, term=term, granted=False)
    return writer


def test_who_asked_for_votes_and_who_did_not(run):
    trace = trace_of(run)
    found = standing_lines(trace)
    assert found == [
        "who stood in the last 5.000 s:",
        "  server 0 sent request_vote, in 2 terms from 2 to 3",
        "  servers 1, 2, up all the time, sent none",
    ]
    assert found in explanation_blocks(trace, [])


def test_a_server_that_said_that_it_leads(run):
    run.add(rows.Reported, server=0, incarnation=1, term=3, leads=True)
    run.add(rows.Reported, server=0, incarnation=1, term=3, leads=False)
    assert standing_lines(trace_of(run))[3:] == ["  server 0 said that it leads term 3"]


def test_a_server_that_takes_itself_for_a_leader_need_not_stand(run):
    run.add(rows.Reported, server=1, incarnation=1, term=1, leads=True)
    assert standing_lines(trace_of(run))[2].startswith("  server 2, up all the time")


@pytest.mark.parametrize("verb", ["crash", "pause"])
def test_a_server_that_was_not_up_all_the_time_might_not_have_stood(run, verb):
    run.add(rows.Control, verb=verb, args=(1,))
    run.add(rows.Boot, server=1, incarnation=2)
    run.add(rows.Control, verb="resume", args=(1,))
    assert standing_lines(trace_of(run))[2].startswith("  server 2, up all the time")


@pytest.mark.parametrize(
    ("code", "header"),
    [
        ("two-leaders", {}),
        ("no-leader", {"by_choices": True}),
        ("no-leader", {"service": "kv"}),
    ],
)
def test_runs_of_which_it_says_nothing(run, code, header):
    assert standing_lines(trace_of(run, code, **header)) == []


def test_nothing_where_nobody_stood(run):
    run.wait(6)
    run.append(0, 1, (0, 0), [])
    assert standing_lines(trace_of(run)) == []


def test_arguments_of_other_names(run):
    run.rows = [
        msgspec.structs.replace(row, body={"class": "Args", "fields": {"epoch": 1}})
        if isinstance(row, rows.Sent)
        else row
        for row in run.rows
    ]
    assert standing_lines(trace_of(run))[1] == "  server 0 sent request_vote"
