"""Message text: what an RPC carries, in words, whatever bytes a submission has sent.

A trace may hold anything. Its text has no control characters, fits a line, and takes
work in proportion to the message; nothing of the message is executed; and what the
codec's quick way wrote reads as the value it is.
"""

import marshal
import pickle
import random
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tester.traces import payload

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


def check(module, message):
    """Read a message, and compare the text with the value where that is known."""
    data, value = message
    text, calls = calls_of(module.message_text, data)
    assert text.isprintable(), repr(text)
    assert len(text) <= payload.TEXT_CHARS_MAX + 1
    assert calls <= CALLS_MAX + CALLS_PER_BYTE_MAX * len(data)
    if value is not None:
        expected = repr(value[0])
        assert text == (
            expected
            if len(expected) <= payload.TEXT_CHARS_MAX
            else f"{expected[: payload.TEXT_CHARS_MAX]}…"
        )


def marshalled(value):
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
VALUES = TREES.map(lambda value: (marshalled(value), [value]))
NAMES = st.sampled_from(
    ["raft:Args", "raft.messages:Entry", "Evil\x1b[2J", "a\nb:c\rd", ""]
)
OBJECTS = st.builds(
    lambda name, fields: (marshalled((..., name, *fields)), None),
    NAMES | TREES,
    st.lists(TREES, max_size=2),
)
EDGES = st.sampled_from(
    [
        pickle.dumps(Trap()),
        marshalled(1 << 5_000),
        marshalled(["N"] * 300),
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
    data = bytearray(draw(VALUES | OBJECTS)[0])
    chance = random.Random(draw(st.integers(0, 1 << 32)))
    for _ in range(chance.randint(1, 4)):
        at, length = chance.randint(0, len(data)), chance.randint(0, 5)
        put_in = bytes(chance.choices(b"NTF.ilgsu([{0\x00\x01\xff", k=length))
        data[at : at + chance.choice([0, length])] = put_in
    return bytes(data), None


MESSAGES = VALUES | OBJECTS | damaged() | EDGES


@FUZZ
@given(MESSAGES)
def test_any_message_is_put_into_words(message):
    check(payload, message)


PLANTED = {
    "a class's name is shown as it is": ("repr(self._text().rpartition(", "str(self._text().rpartition("),
    "values may nest without end": ("or depth > _DEPTH_MAX", ""),
    "the text has no limit": ("return cut(text, TEXT_CHARS_MAX)", "return text"),
    "a pickle is loaded": ('return f"a pickle of', 'return repr(__import__("pickle").loads(data)) + f"'),
    "a long number loses its sign": ("-size if count < 0", "size if count < 0"),
}  # fmt: skip


@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_found(bug, plant, finds):
    assert finds(MESSAGES, check, payload, plant(payload, *PLANTED[bug]))
