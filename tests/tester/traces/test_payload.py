"""What a message holds, read without loading it. `tests/fuzz/test_payload.py` reads any bytes."""

import collections
import enum
import marshal
import pickle
import sys
from dataclasses import dataclass
from typing import NamedTuple

import pytest

from labrpc.box.encoding import Codec
from tester.traces import values
from tester.traces.payload import read_message


@dataclass
class Vote:
    term: int
    entries: list


@dataclass(slots=True)
class Slotted:
    term: int
    why: str


@dataclass(frozen=True, slots=True)
class Frozen:
    term: int
    why: str


class Pair(collections.namedtuple("Pair", "a b")):
    pass


class Named(NamedTuple):
    term: int
    why: str


class Plain:
    def __init__(self):
        self.term, self.why = 3, "late"


class Role(enum.Enum):
    LEADER = "leader"


CODEC = Codec({__name__: sys.modules[__name__]})
FIELDS = {
    f"{__name__}:Vote": ["term", "entries"],
    f"{__name__}:Frozen": ["term", "why"],
    f"{__name__}:Named": ["term", "why"],
}


def read(value):
    return values.text(read_message(CODEC.encode(value), FIELDS))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Vote(2, [(1, "x")]), "Vote(term=2, entries=[[1, 'x']])"),
        ([Vote(2, [])], "[Vote(term=2, entries=[])]"),
        (Plain(), "Plain(term=3, why='late')"),
        (Role.LEADER, "Role('leader')"),
        ({"k": (1, True, None, b"v")}, "{k: [1, True, None, 1 bytes]}"),
        (
            list(range(20)),
            "[0, 1, 2, 3, 4, 5, 6, 7, …, 17, 18, 19: 20 items]",
        ),
        (
            [(1, n) for n in range(20)],
            "[[1, 0], [1, 1], [1, 2], [1, 3], [1, 4], [1, 5], [1, 6], [1, 7], …, "
            "[1, 17], [1, 18], [1, 19]: 20 items]",
        ),
        (
            [*[(1, n) for n in range(12)], "x", 1, (1, 2, 3), *[(2, None, 1.5)] * 3],
            "[[1, 0], [1, 1], [1, 2], [1, 3], [1, 4], [1, 5], [1, 6], [1, 7], …, "
            "[2, None, 1.5], [2, None, 1.5], [2, None, 1.5]: 18 items]",
        ),
        (
            [*[(1, n) for n in range(120)], "x", *[(2, n) for n in range(90)]],
            "[[1, 0], [1, 1], [1, 2], [1, 3], [1, 4], [1, 5], [1, 6], [1, 7], …, "
            "[2, 87], [2, 88], [2, 89]: 211 items]",
        ),
        ("x" * 300, f"'{'x' * values.CHARS_MAX}…'"),
        ("\ud800", r"'\\ud800'"),
        (1 << 70, f"'{1 << 70}'"),
    ],
)
def test_what_the_quick_way_has_written_reads_as_its_value(value, text):
    assert read(value) == text


SHARED = [1]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({2}, "set(2)"),
        (frozenset(), "set()"),
        (Slotted(1, "late"), "Slotted(term=1, why='late')"),
        (Frozen(1, "late"), "Frozen(term=1, why='late')"),
        (Pair(1, 2), "Pair(1, 2)"),
        (Named(1, "late"), "Named(term=1, why='late')"),
        ([SHARED, SHARED], "[[1], [1]]"),
        (
            [Vote(2, [{1: b"xy"}]), {3}],
            "[Vote(term=2, entries=[{1: 2 bytes}]), set(3)]",
        ),
        (collections.deque([1, 2]), "deque(items=[1, 2])"),
        (collections.OrderedDict(a=1), "OrderedDict(a=1)"),
        ([{1}, 1.5, -3, 1 << 70, "x", True], f"[set(1), 1.5, -3, '{1 << 70}', 'x', True]"),
        (Vote, "'Vote'"),
    ],
)  # fmt: skip
def test_a_pickle_is_read_as_its_value_too(value, text):
    assert CODEC.encode(value)[0] == 0x80
    assert read(value) == text


def test_a_value_that_holds_itself_has_an_end():
    loop = [1]
    loop.append(loop)
    assert read(loop) == "[1, []]"


class Trap:
    """Calls `trap` wherever it is unpickled."""

    def __reduce__(self):
        return trap, (7,)


def trap(number):
    raise AssertionError(number)


def test_nothing_that_a_pickle_names_is_called():
    assert read(Trap()) == "trap(7)"


def test_references_to_references_do_not_grow_without_end():
    value = [1]
    for _ in range(60):
        value = [value, value]
    data = pickle.dumps(value, protocol=4)
    assert read_message(data, {}) == values.of_bytes(len(data))


def test_fields_are_numbered_where_the_names_do_not_fit():
    data = CODEC.encode(Vote(2, []))
    wrong = {f"{__name__}:Vote": ["term"]}
    assert values.text(read_message(data, wrong)) == "Vote(2, [])"


def test_a_class_may_have_any_name_in_bytes_that_a_stranger_made():
    data = marshal.dumps((..., "raft:Evil\x1b[2J\n", 1), 2)
    assert values.text(read_message(data, {})) == r"Evil\x1b[2J\n(1)"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"?",
        b"s",
        b"[\xff\xff\xff\x7f",
        b"(\x01\x00\x00\x00" * 1000,
        b"l\x00\x00\x00\x80",
        b"i\x00",
        marshal.dumps(1 << 5_000, 2),
        b"\x80\x04.",
        b"\x80\x04]e.",
        b"\x80\x04cos\nsystem\nQ.",
        pickle.dumps({1}, protocol=4)[:-1],
    ],
)
def test_of_what_cannot_be_read_the_size_is_named(data):
    assert read_message(data, {}) == values.of_bytes(len(data))


def test_fields_items_and_lengths_can_be_looked_up():
    message = read_message(CODEC.encode(Vote(2, list(range(20)))), FIELDS)
    assert values.number(message, "term") == 2
    assert values.number(message, "entries") is None
    assert values.field(message, "no such field") is None
    entries = values.field(message, "entries")
    assert values.length(entries) == 20
    assert values.items(entries)[-1] == 19
    assert values.length(3) is None
    assert values.items(3) == []
    assert values.field(3, "x") is None
