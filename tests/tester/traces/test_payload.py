"""Message text. `tests/fuzz/test_payload.py` reads any bytes; here are the kinds."""

import marshal
import pickle

import pytest

from tester.traces.payload import ITEMS_MAX, TEXT_CHARS_MAX, message_text


def marshalled(value):
    return marshal.dumps(value, 2)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ((..., "raft.messages:Entry", 3, "x"), "Entry(3, 'x')"),
        ((..., "raft:Note", {"term": 3, "why": None}), "Note(term=3, why=None)"),
        ((..., "raft:Evil\x1b[2J\n", 1), r"Evil\x1b[2J\n(1)"),
        ([(1, True), {"k": b"v"}], "[(1, True), {'k': b'v'}]"),
        (list(range(ITEMS_MAX + 2)), "[0, 1, 2, 3, 4, 5, 6, 7, … 10 in all]"),
        ("x" * 300, f"'{'x' * (TEXT_CHARS_MAX - 1)}…"),
        ("\ud800", r"'\ud800'"),
    ],
)
def test_what_the_quick_way_has_written_reads_as_its_value(value, text):
    assert message_text(marshalled(value)) == text


@pytest.mark.parametrize("data", [b"", b"?", marshalled(1 << 5_000), marshalled({1})])
def test_of_what_is_not_read_the_size_is_named(data):
    assert message_text(data) == f"{len(data)} bytes"


def test_a_pickle_is_not_loaded():
    data = pickle.dumps([1])
    assert message_text(data) == f"a pickle of {len(data)} bytes"
