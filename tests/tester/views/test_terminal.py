"""A run in a terminal: columns of servers, and what can be picked out."""

import pytest

from tester.traces import rows
from tester.traces.reader import Trace
from tester.views.selection import AROUND_LINES, Selection
from tester.views.terminal import terminal_lines
from tester.views.timeline import timeline


@pytest.fixture
def run(story):
    """Return a run in which server 0 leads, is cut off, and server 1 crashes."""
    for server in (0, 1):
        story.boot(server)
    story.call(0, 1, "request_vote", term=3)
    story.later()
    story.add(rows.Reported, 0, incarnation=1, step=story.step, term=3, leads=True)
    story.control("disconnect", 0)
    story.control("crash", 1)
    story.control("pause", 0)
    return story.trace()


def shown(trace, **selection):
    return [
        str(line) for line in terminal_lines(timeline(trace), Selection(**selection))
    ]


def columns(line):
    return line.partition(" s ")[2].split()[:3]


def test_each_server_has_a_column_that_says_what_it_is(run):
    _, head, *lines, end = shown(run)
    assert head.split()[:4] == ["time", "0", "1", "2"]
    assert columns(lines[0]) == [">·", "-", "-"]
    assert columns(lines[-4]) == [">L3", "·", "-"]
    assert columns(lines[-3]) == ["(L3)", "·", "-"]
    assert columns(lines[-2]) == ["(L3)", "-", "-"]
    assert columns(lines[-1]) == ["II", "-", "-"]
    assert end == "passed"


def test_lines_are_picked_out_by_server_topic_time_and_from_the_end(run):
    assert len(shown(run, last=2)) == 5
    lines = shown(run, servers=frozenset([1]))[2:-1]
    assert all(columns(line)[0][0] != ">" for line in lines)
    assert any(">" in line for line in lines)
    assert all(
        "request_vote" in line
        for line in shown(run, topics=frozenset(["elections"]))[2:-2]
    )
    times = [
        float(line.split()[0])
        for line in shown(run, since_s=0.003, until_s=0.005)[2:-1]
    ]
    assert times
    assert all(0.003 <= time <= 0.005 for time in times)


def test_around_a_time_are_some_lines_before_and_after(story):
    for number in range(100):
        story.control("heal", number)
    lines = shown(story.trace(), around_s=0.05)[2:-1]
    assert len(lines) == 2 * AROUND_LINES
    assert "heal 49" in lines[AROUND_LINES]


def test_facts_are_marked(run):
    fact = rows.FactRow(server=0, t=run.rows[-4].t, text="")
    failed = type(run)(
        run.header, run.rows, rows.End(verdict="failed", reason="no", facts=[fact]),
        None, run.sent, run.replied,
    )  # fmt: skip
    lines = shown(failed)
    assert any(" ① says that it leads term 3" in line for line in lines)
    assert lines[-1] == "failed: no"


def test_clients_are_lanes_after_the_servers():
    trace = Trace(rows.Header(trace=rows.TRACE_VERSION, servers=2, clients=1), [])
    header = trace.header
    assert list(header.lanes) == [0, 1, 2]
    assert [header.lane(n) for n in (-1, 1, 2)] == ["the test", "server 1", "client 0"]
    assert [header.short_lane(n) for n in header.lanes] == ["0", "1", "c0"]
    assert [header.peer(n) for n in header.lanes] == ["0", "1", "client 0"]
