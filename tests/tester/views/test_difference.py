"""Two runs of one seed: the first event at which they part."""

import msgspec
import pytest

from tester.errors import UsageError
from tester.traces import rows
from tester.traces.reader import Trace
from tester.views.difference import difference


def another(trace, change):
    """Return a trace with some rows changed."""
    return Trace(trace.header, [change(row) for row in trace.rows], trace.end)


@pytest.fixture
def run(story):
    story.boot(0)
    story.changed(0, term="1")
    for number in range(6):
        story.control("heal", number)
    return story.trace()


def renumbered(row):
    """Return a row as it is in a run that has printed more."""
    return msgspec.structs.replace(row, n=row.n + 5)


def test_runs_that_act_alike_are_the_same_whatever_they_print(run):
    printed = rows.Printed(n=1, t=0, server=0, line="x")
    other = another(run, renumbered)
    other.rows.insert(0, printed)
    assert list(difference(run, other)) == [
        "test_x, seed 7", "the runs are the same: 7 events",
    ]  # fmt: skip


def test_the_first_event_that_differs_is_shown_with_what_came_before(run):
    def change(row):
        if isinstance(row, rows.Control) and row.args == [4]:
            return msgspec.structs.replace(row, args=[99])
        if isinstance(row, rows.Changed):
            return msgspec.structs.replace(row, fields={"term": "2"})
        return row

    text = "\n".join(difference(run, another(run, change)))
    assert "the runs are the same for 5 events, until 0.006000 s:" in text
    assert "heal 3\nthen they part:" in text
    words = [line.split() for line in text.splitlines()]
    assert ["one", "0.007000", "s", "the", "test", "heal", "4"] in words
    assert ["other", "0.007000", "s", "the", "test", "heal", "99"] in words
    assert (
        "first differ at 0.002000 s: server 0, term: 1 in one, 2 in the other" in text
    )


def test_a_run_that_ends_earlier_parts_at_its_end(run):
    shorter = Trace(run.header, run.rows[:-1], run.end)
    assert "  other  passed" in list(difference(run, shorter))
    unfinished = Trace(run.header, run.rows[:-1])
    assert "  one    the recording ends" in list(difference(unfinished, run))


def test_runs_of_different_tests_are_not_compared(run):
    other = Trace(msgspec.structs.replace(run.header, seed=8), run.rows)
    with pytest.raises(UsageError, match=r"different runs \(seed 7 and 8\)"):
        list(difference(run, other))
