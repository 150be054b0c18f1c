"""Operations of a recorded run: labels, and the marks of those that contradict each other."""

from tester.traces.operations import operations


def test_an_operation_is_labelled_by_its_call_and_what_came_of_it(service_story):
    story = service_story
    story.answer(story.operation(3, "put", "k", "v" * 50, 1), "ErrVersion")
    story.answer(story.operation(3, "get", "k"), ["a", 2, "OK"])
    story.answer(story.operation(3, "get", "k"), ["", 0, "ErrNoKey"])
    story.answer(story.operation(1, "submit", 1), ["OK", 5])
    story.answer(story.operation(1, "submit", 1), ["ErrWrongLeader", None])
    story.operation(1, "submit", -1)
    labels = [one.label for one in operations(story.trace())]
    assert labels == [
        "put(k, vvvvvvvvvvvvvvvv…, 1) → ErrVersion",
        "get(k) → a, 2",
        "get(k) → ErrNoKey",
        "submit(1) → 5",
        "submit(1) → ErrWrongLeader",
        "submit(-1) → no answer",
    ]


def test_an_answer_of_any_shape_has_a_label(service_story):
    story = service_story
    for value in (None, 7, [], [[1], {"class": "A", "fields": {}}], {"bytes": 9}):
        story.answer(story.operation(3, "get", "k"), value)
    found = operations(story.trace())
    assert [one.value_read for one in found] == [None] * 5
    assert all(one.label.startswith("get(k) → ") for one in found)


def test_facts_mark_the_operations_that_returned_and_not_the_next_one(stale_read):
    found = operations(stale_read)
    assert [one.mark for one in found] == ["①", "", "②", ""]
