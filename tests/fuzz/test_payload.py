"""Messages: what an RPC carries, read whatever bytes a submission has sent.

Its text has no control characters, fits a line, and takes work in proportion to the
message; nothing of the message is executed; and what the codec wrote, by its quick way
or as a pickle, reads as the value it is.
"""

import marshal
import pickle
import random
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tester.traces import marshalled, payload, pickled, values

FUZZ = settings.get_profile("fuzz")
CALLS_PER_BYTE_MAX = 40
CALLS_MAX = 400


class Executed(Exception):
    """A message has made the reader call something."""


def trap():
    raise Executed


class Trap:
    """Calls `trap` wherever it is unpickled."""

    def __reduce__(self):
        return trap, ()


def calls_of(function, *args):
    """Return what a function returns, and how many calls it took."""
    calls = 0

    def count(frame, event, arg):
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        result = function(*args)
    finally:
        sys.setprofile(before)
    return result, calls


def check(read, message):
    """Read a message, and compare it with the value where that is known."""
    data, value = message
    found, calls = calls_of(read, data, {})
    text = values.text(found)
    assert text.isprintable(), repr(text)
    assert len(text) <= values.TEXT_CHARS_MAX + 1
    assert calls <= CALLS_MAX + CALLS_PER_BYTE_MAX * len(data)
    if value is not None:
        assert text == values.text(values.of_plain(value[0]))


def as_marshal(value):
    return marshal.dumps(value, 2)


# What a trace may hold.

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.binary(max_size=5) | st.sampled_from([1 << 70, -(1 << 4000), "\ud800", "\x1b[2J"])
)  # fmt: skip
TREES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=3) | st.integers(), inner, max_size=3)
    ),
    max_leaves=6,
)
VALUES = TREES.map(lambda value: (as_marshal(value), [value]))
PICKLES = TREES.map(lambda value: (pickle.dumps(value, 4), [value]))
NAMES = st.sampled_from(
    ["raft:Args", "raft.messages:Entry", "Evil\x1b[2J", "a\nb:c\rd", ""]
)
OBJECTS = st.builds(
    lambda name, fields: (as_marshal((..., name, *fields)), None),
    NAMES | TREES,
    st.lists(TREES, max_size=2),
)
EDGES = st.sampled_from(
    [
        pickle.dumps(Trap()),
        as_marshal(1 << 5_000),
        as_marshal(["N"] * 300),
        b"[\x01\x00\x00\x00" * 500,
        b"[\xff\xff\xff\xffN",
        b"l\x00\x00\x00\x80",
        b"s\xff\xff\xff\xff",
        b"",
    ]
).map(lambda data: (data, None))


@st.composite
def damaged(draw):
    """Change some bytes of a message, or put kinds of value where none belong."""
    data = bytearray(draw(VALUES | OBJECTS | PICKLES)[0])
    chance = random.Random(draw(st.integers(0, 1 << 32)))
    for _ in range(chance.randint(1, 4)):
        at, length = chance.randint(0, len(data)), chance.randint(0, 5)
        put_in = bytes(chance.choices(b"NTF.ilgsu([{0\x00\x01\xff", k=length))
        data[at : at + chance.choice([0, length])] = put_in
    return bytes(data), None


MESSAGES = VALUES | PICKLES | OBJECTS | damaged() | EDGES


@pytest.mark.slow
@FUZZ
@given(MESSAGES)
def test_any_message_is_put_into_words(message):
    check(payload.read_message, message)


PLANTED = {
    "a number's sign is lost": (marshalled, 'Struct("<i").unpack_from', 'Struct("<I").unpack_from'),
    "half a character is lost": (marshalled, '.decode(errors="surrogatepass")', '.decode(errors="ignore")'),
    "a long number loses its sign": (marshalled, "-size if count < 0", "size if count < 0"),
}  # fmt: skip
PLANTED_IN_PICKLES = {
    "a list loses its first item": (pickled, "return values.of_items(_all(value, depth))", "return values.of_items(_all(value[1:], depth))"),
    "a pickle is loaded": (pickled, "machine = _Machine(field_names)", 'machine = __import__("pickle").loads(data)'),
}  # fmt: skip


def with_bug(plant, module, right, wrong):
    """Return how messages are read if one of the readers has a bug."""
    name = f"read_{module.__name__.rpartition('.')[2]}"
    changed = getattr(plant(module, right, wrong), name)

    def read(data, field_names):
        is_pickle = data[:1] == b"\x80"
        if is_pickle != (module is pickled):
            return payload.read_message(data, field_names)
        try:
            return changed(data, field_names)
        except (ValueError, RecursionError):
            return values.of_bytes(len(data))

    return read


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_found(bug, plant, finds):
    assert finds(MESSAGES, check, payload.read_message, with_bug(plant, *PLANTED[bug]))


@pytest.mark.parametrize("bug", PLANTED_IN_PICKLES)
def test_a_planted_bug_in_reading_pickles_is_found(bug, plant, finds):
    assert finds(
        MESSAGES, check, payload.read_message, with_bug(plant, *PLANTED_IN_PICKLES[bug])
    )
