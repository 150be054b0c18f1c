"""Bars of operations: from the line of the call to that of the return."""

from tester.traces import rows
from tester.views.timeline import timeline


def spans(laid_out):
    return [(bar.lane, bar.label, bar.marks, bar.returned) for bar in laid_out.bars]


def test_a_bar_joins_the_lines_of_call_and_return(stale_read):
    laid_out = timeline(stale_read)
    for bar in laid_out.bars:
        assert any(laid_out.lines[bar.begin].of(rows.Called))
        ends = laid_out.lines[bar.end].of(rows.Returned)
        assert bar.lane == 4 or any(ends)
    assert (3, "put(k, new, 0) → OK", "①", True) in spans(laid_out)
    assert (3, "get(k) → ErrNoKey", "②", True) in spans(laid_out)


def test_operations_that_overlap_in_a_lane_share_a_bar(service_story):
    story = service_story
    submits = [story.operation(1, "submit", 1) for _ in range(3)]
    story.answer(submits[0], ["OK", 1])
    story.answer(submits[1], ["ErrWrongLeader", None])
    story.operation(2, "submit", 1)
    (shared, alone) = timeline(story.trace()).bars
    assert shared.label == "3 operations: 1 OK, 1 ErrWrongLeader, 1 no answer"
    assert not shared.returned
    assert (alone.lane, alone.label) == (2, "submit(1) → no answer")


def test_a_bar_without_a_return_ends_with_its_servers_crash(service_story):
    story = service_story
    story.operation(1, "submit", 1)
    story.control("crash", 2)
    story.control("crash", 1)
    story.control("start", 1)
    laid_out = timeline(story.trace())
    (bar,) = laid_out.bars
    (control,) = laid_out.lines[bar.end].of(rows.Control)
    assert (control.verb, control.args) == ("crash", [1])
