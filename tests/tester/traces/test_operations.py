"""Operations of a recorded run: labels, and the marks of those that contradict each other."""

from tester.traces import rows
from tester.traces.operations import operations
from tester.traces.reader import Trace

HEADER = rows.Header(trace=rows.TRACE_VERSION, servers=3, clients=2, service="kv")
NEVER = object()


def trace(*done, facts=()):
    """Return a trace of operations, each (call, return, lane, method, args, value)."""
    found, called = [], {}
    for number, (begin, end, lane, method, args, value) in enumerate(done, start=1):
        about = {"server": lane, "operation": number, "method": method}
        call = rows.Called(n=2 * number, t=begin, args=list(args), **about)
        found.append(call)
        called[number] = call
        if value is not NEVER:
            found.append(rows.Returned(n=2 * number + 1, t=end, value=value, **about))
    end = rows.End(verdict="failed", facts=list(facts))
    return Trace(HEADER, found, end, called=called)


def test_an_operation_is_labelled_by_its_call_and_what_came_of_it():
    found = operations(
        trace(
            (0, 1, 3, "put", ("k", "v" * 50, 1), "ErrVersion"),
            (1, 2, 3, "get", ("k",), ["a", 2, "OK"]),
            (2, 3, 3, "get", ("k",), ["", 0, "ErrNoKey"]),
            (3, 4, 1, "submit", (1,), ["OK", 5]),
            (4, 5, 1, "submit", (1,), ["ErrWrongLeader", None]),
            (5, 0, 1, "submit", (-1,), NEVER),
        )
    )
    assert [one.label for one in found] == [
        "put(k, vvvvvvvvvvvvvvvv…, 1) → ErrVersion",
        "get(k) → a, 2",
        "get(k) → ErrNoKey",
        "submit(1) → 5",
        "submit(1) → ErrWrongLeader",
        "submit(-1) → no answer",
    ]
    assert found[1].value_read == "a"


def test_an_answer_of_any_shape_has_a_label():
    answers = (None, 7, [], [[1], {"class": "A", "fields": {}}], {"bytes": 9})
    found = operations(trace(*[(0, 1, 3, "get", ("k",), a) for a in answers]))
    assert [one.value_read for one in found] == [None] * 5
    assert all(one.label.startswith("get(k) → ") for one in found)


def test_facts_mark_the_operations_that_returned_and_not_the_next_one():
    facts = [rows.FactRow(server=3, t=t, text="x") for t in (5, 9, 11)]
    found = operations(
        trace(
            (0, 5, 3, "put", ("k", "a", 0), "OK"),
            (5, 9, 3, "get", ("k",), ["", 0, "ErrNoKey"]),
            (5, 9, 4, "get", ("k",), ["", 0, "ErrNoKey"]),
            (11, 0, 3, "get", ("k",), NEVER),
            facts=facts,
        )
    )
    assert [one.mark for one in found] == ["①", "②", "", "③"]
