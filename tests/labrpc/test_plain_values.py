"""Plain values: what leaves a box is a copy, as far as it could be changed."""

import pytest

from labrpc.plain_values import INT_BITS_MAX, plain_copy

LARGEST = (1 << INT_BITS_MAX) - 1


@pytest.mark.parametrize(
    "value",
    [(), (1, 2, True), (None, "text", b"bytes", 0.5, -LARGEST), ((1, (2,)), "text")],
)
def test_what_cannot_be_changed_comes_back_equal(value):
    copied = plain_copy(value, "it")
    assert copied == value
    assert list(map(type, copied)) == list(map(type, value))


@pytest.mark.parametrize("place", [0, 2])
def test_what_can_be_changed_in_a_tuple_is_copied(place):
    inner = [1, {"key": [2]}]
    value = [3, "text", b"bytes"]
    value[place] = inner
    copied = plain_copy(tuple(value), "it")
    inner[1]["key"].append(4)
    assert copied[place] == [1, {"key": [2]}]


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        ((1, LARGEST + 1), ValueError, "it contains a number of 4097 bits"),
        ((-LARGEST - 1, "text"), ValueError, "it contains a number of 4097 bits"),
        ((1, ("text", object())), TypeError, "it contains a object"),
        ((1, {2}), TypeError, "it contains a set"),
    ],
)
def test_what_is_not_plain_is_refused_within_a_tuple(value, error, words):
    with pytest.raises(error, match=words):
        plain_copy(value, "it")
