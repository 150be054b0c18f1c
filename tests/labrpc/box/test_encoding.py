"""Messages as bytes. `tests/fuzz/test_codec.py` compares any message with pickle's."""

import enum
import marshal
import sys
from dataclasses import dataclass
from typing import Any

import pytest

from labrpc.box.encoding import Codec


@dataclass
class Entry:
    term: Any
    command: Any


class Args:
    def __init__(self, a, b):
        self.a, self.b = a, b


class Color(enum.Enum):
    RED = 1


# The classes of this file stand for those of a submission.
CODEC = Codec({__name__: sys.modules[__name__]})
encode, decode = CODEC.encode, CODEC.decode


def test_the_quick_way_is_taken_for_what_rafts_send():
    entries = [Entry(1, {"k": "v"}), Entry(2, Color.RED), Entry(2, (3, None))]
    for value in (entries, Args(1, [2]), Args({"a": [entries]}, None)):
        assert isinstance(marshal.loads(encode(value)), tuple | list)


def test_mutation_after_sending_is_not_seen():
    value = Entry([1], {"k": [2]})
    data = encode(value)
    value.term.append(9)
    value.command["k"].append(9)
    received = decode(data)
    assert (received.term, received.command) == ([1], {"k": [2]})


def in_tuple(value):
    return 1, value


def in_list(value):
    return [1, value]


def alone(value):
    return value


@pytest.mark.parametrize("shared", [[1], {"k": 1}, Args(1, 2), Entry(1, 2)])
@pytest.mark.parametrize("around", [in_tuple, in_list, alone])
def test_what_two_places_refer_to_arrives_as_one(shared, around):
    one, other = decode(encode([around(shared), around(shared)]))
    if around is not alone:
        one, other = one[-1], other[-1]
    assert one is other


def test_equal_values_give_equal_bytes_whatever_refers_to_them():
    def fresh():
        return Entry(["".join(["lo", "ng"]), 10**20, (1.5, b"x")], Color.RED)

    value = fresh()
    references = [value, value.term, *value.term] * 3
    assert references
    assert encode(value) == encode(fresh())
    text = "".join(["te", "xt"])
    assert encode([text, text]) == encode([text, "".join(["te", "xt"])])


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: lambda: None, "lambda"),
        (lambda: [1, (n for n in [])], "generator"),
        (lambda: type("Local", (), {})(), "Local"),
        (lambda: sys, "module"),
    ],
)
def test_what_pickle_cannot_send_is_refused_in_words(make, reason):
    with pytest.raises(TypeError, match=r"cannot send a .* to another server") as told:
        encode(make())
    assert reason in str(told.value)


def test_deep_nesting_is_sent_or_refused_never_garbled():
    value = []
    for _ in range(400):
        value = [value]
    assert decode(encode(value)) == value
    for _ in range(100_000):
        value = [value]
    with pytest.raises(TypeError, match="nested too deeply"):
        encode(value)


def test_a_class_of_a_module_not_yet_loaded_is_loaded_by_the_receiver(lab):
    files = {
        "raft/__init__.py": lab.raft("""
            def ask(self):
                from raft.wire import Note, Slot
                answers = [self.peers[1].call("Raft.echo", Note(1, 2)),
                           self.peers[1].call("Raft.echo", Slot(3))]
                return [a.a for a in answers]
            def echo(self, note):
                return note
        """),
        "raft/wire.py": """
            from dataclasses import dataclass
            @dataclass
            class Note:
                a: int
                b: int
            @dataclass(slots=True)
            class Slot:
                a: int
        """,
    }
    world = lab.world(lab.write(files), servers=2)
    assert world.invoke(0, "ask") == [1, 3]
