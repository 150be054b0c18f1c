"""Message text: objects and values in words. `tests/fuzz/test_payload.py` reads any bytes."""

import enum
import marshal
import sys
from dataclasses import dataclass

import pytest

from labrpc.box.encoding import Codec
from tester.traces.payload import TEXT_CHARS_MAX, message_text


@dataclass
class Vote:
    term: int
    entries: list


class Plain:
    def __init__(self):
        self.term, self.why = 3, "late"


class Role(enum.Enum):
    LEADER = "leader"


CODEC = Codec({__name__: sys.modules[__name__]})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Vote(2, [(1, "x")]), "Vote(2, [(1, 'x')])"),
        ([Vote(2, [])], "[Vote(2, [])]"),
        (Plain(), "Plain(term=3, why='late')"),
        (Role.LEADER, "Role('leader')"),
        ({"k": (1, True, None, b"v")}, "{'k': (1, True, None, b'v')}"),
        (list(range(20)), "[0, 1, 2, 3, 4, 5, 6, 7, … 20 in all]"),
        ("x" * 300, f"'{'x' * (TEXT_CHARS_MAX - 1)}…"),
        ("\ud800", r"'\ud800'"),
    ],
)
def test_what_the_quick_way_has_written_reads_as_its_value(value, text):
    assert message_text(CODEC.encode(value)) == text


def test_a_pickle_is_not_loaded():
    data = CODEC.encode({1, 2})
    assert message_text(data) == f"a pickle of {len(data)} bytes"


def test_a_class_may_have_any_name_in_bytes_that_a_stranger_made():
    data = marshal.dumps((..., "raft:Evil\x1b[2J\n", 1), 2)
    assert message_text(data) == r"Evil\x1b[2J\n(1)"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"?",
        b"s",
        b"[\xff\xff\xff\x7f",
        b"(\x01\x00\x00\x00" * 1000,
        b"l\x00\x00\x00\x80",
        marshal.dumps(1 << 5_000, 2),
    ],
)
def test_of_what_cannot_be_read_the_size_is_named(data):
    assert message_text(data) == f"{len(data)} bytes"
