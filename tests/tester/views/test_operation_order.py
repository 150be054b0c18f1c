"""The operations that contradict each other, in their order."""

from tester.traces import rows
from tester.views.operation_order import OTHERS_MAX
from tester.views.timeline import timeline


def test_bars_are_in_the_order_of_calls_and_say_which_had_returned(stale_read):
    order = timeline(stale_read).order
    assert [bar.operation.label for bar in order.bars] == [
        "put(k, new, 0) → OK",
        "get(k) → no answer",
        "get(k) → ErrNoKey",
    ]
    assert order.precedes == [("①", "②")]
    put, waits, get = order.bars
    assert put.left + put.width < get.left
    assert waits.left + waits.width == 100
    assert get.left + get.width < 100


def test_a_value_that_is_another_keys_is_shown_with_its_put(service_story):
    story = service_story
    story.answer(story.operation(3, "put", "k15", "v", 0), "OK")
    story.answer(story.operation(3, "put", "k7", "w", 0), "OK")
    got = story.answer(story.operation(4, "get", "k10"), ["v", 1, "OK"])
    facts = [rows.FactRow(server=4, t=got.t, text="x")]
    order = timeline(story.trace(verdict="failed", facts=facts)).order
    labels = [bar.operation.label for bar in order.bars]
    assert labels == ["put(k15, v, 0) → OK", "get(k10) → v, 1"]
    assert order.precedes == []


def test_of_many_others_the_newest_are_shown(service_story):
    story = service_story
    get = story.operation(3, "get", "k")
    for number in range(OTHERS_MAX + 5):
        story.answer(story.operation(4, "put", "k", f"v{number}", number), "OK")
    got = story.answer(get, ["old", 0, "OK"])
    facts = [rows.FactRow(server=3, t=got.t, text="x")]
    order = timeline(story.trace(verdict="failed", facts=facts)).order
    assert len(order.bars) == OTHERS_MAX + 1
    assert order.left_out == 5


def test_a_failure_that_is_about_no_operations_has_no_order(service_story):
    story = service_story
    story.answer(story.operation(3, "get", "k"), ["", 0, "ErrNoKey"])
    assert timeline(story.trace(verdict="failed")).order is None
