"""What a server's object holds, as text: read again and again, and never called."""

import enum
import random
import sys
import threading
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
import pytest

from labrpc.box.plain_state import ATTRIBUTES_MAX, StateReader


class Role(enum.Enum):
    LEADER = 1


@dataclass
class Entry:
    term: int
    command: object


@dataclass(slots=True)
class InSlots:
    term: int
    command: object


class Named(NamedTuple):
    term: int
    command: object


class Struct(msgspec.Struct):
    term: int
    command: object


class NotAllSet:
    __slots__ = ("__weakref__", "command", "term")

    def __init__(self, term, _):
        self.term = term


class Log:
    def __init__(self):
        self.base, self.entries = 0, []


class Server:
    def __init__(self, **attributes):
        vars(self).update(attributes)


@pytest.fixture
def reader():
    return StateReader({__name__: sys.modules[__name__]})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3, "3"),
        (1 << 300, "a number of 301 bits"),
        (True, "True"),
        (None, "None"),
        (0.5, "0.5"),
        ("x" * 100, f"'{'x' * 60}…'"),
        (b"abc", "3 bytes"),
        (Role.LEADER, "LEADER"),
        ([1, 0], "[1, 0]"),
        ([], "[]"),
        (deque([1]), "[1]"),
        ([(1, "x"), Entry(2, "y")], "[(1, 'x'), Entry(term=2, command='y')]"),
        (list(range(20)), "[… 18, 19], 20 items"),
        ({2, 1}, "{1, 2}"),
        ({1: "a"}, "{1: 'a'}"),
        (dict.fromkeys(range(20)), "20 items, last 19: None"),
    ],
)
def test_plain_values_are_text(reader, value, text):
    assert reader.read(Server(a=value)) == {"a": text}


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (InSlots, "term={}, command={!r}"),
        (Named, "term={}, command={!r}"),
        # Its slots are sorted.
        (Struct, "command={1!r}, term={0}"),
    ],
)
def test_entries_without_a_dictionary_are_shown_by_their_fields(reader, kind, fields):
    server = Server(entries=[kind(1, "x"), kind(2, "y")])

    def shown(*entries):
        texts = [f"{kind.__name__}({fields.format(*entry)})" for entry in entries]
        return f"[{', '.join(texts)}]"

    assert reader.read(server)["entries"] == shown((1, "x"), (2, "y"))
    server.entries.append(kind(3, None))
    assert reader.read(server)["entries"] == shown((1, "x"), (2, "y"), (3, None))
    if kind is not Named:
        server.entries[0].term = 9
        assert reader.read(server)["entries"].startswith(shown((9, "x"))[:-1])


def test_a_slot_that_was_never_set_is_left_out(reader):
    assert reader.read(Server(at=NotAllSet(1, 2))) == {"at.term": "1"}


def test_what_is_no_plain_value_is_left_out(reader):
    server = Server(lock=threading.Lock(), locks=[threading.Lock()], f=len)
    assert reader.read(server) == {}


def test_an_object_of_the_submissions_is_shown_by_its_attributes(reader):
    assert reader.read(Server(log=Log())) == {"log.base": "0", "log.entries": "[]"}


def test_what_changes_is_seen_also_inside_of_lists(reader):
    server = Server(term=1, next_index=[1, 1], log=Log(), votes=set(), by={}, q=[[1]])
    reader.read(server)
    server.term = 2
    server.next_index[1] = 5
    server.votes.add(3)
    server.by[1] = 2
    server.q[0].append(2)
    for number in range(12):
        server.log.entries.append(Entry(1, number))
        state = reader.read(server)
    assert state == {
        "term": "2", "next_index": "[1, 5]", "votes": "{3}", "by": "{1: 2}",
        "q": "[[1, 2]]", "log.base": "0",
        "log.entries": "[… Entry(term=1, command=10), Entry(term=1, command=11)], 12 items",
    }  # fmt: skip
    server.log.entries[-1].command = "changed"
    assert "changed" in reader.read(server)["log.entries"]


def test_nothing_of_the_submissions_is_called(reader):
    class Loud:
        def __init__(self):
            object.__getattribute__(self, "__dict__")["term"] = 1

        def __getattribute__(self, name):
            raise AssertionError(name)

        __repr__ = __getattribute__

    class Hidden:
        @property
        def __dict__(self):
            raise AssertionError

    Loud.__module__ = Hidden.__module__ = __name__
    assert reader.read(Loud()) == {"term": "1"}
    assert reader.read(Server(a=[Hidden()], b=Hidden())) == {"a": "[Hidden()]"}
    assert reader.read(None) == {}


def test_the_submissions_dictionary_of_attributes_is_not_called(reader):
    class Loud(dict):
        def __iter__(self):
            raise AssertionError

        values = items = __len__ = __iter__

    server = Server()
    server.__dict__ = Loud(term=1)
    assert reader.read(server) == {}


def test_as_long_as_nothing_changes_the_result_is_the_same_dictionary(reader):
    server = Server(term=1000, log=Log(), votes={1}, sent=[Entry(1, 2), None])
    state = reader.read(server)
    server.votes = {1}
    assert reader.read(server) == state
    again = reader.read(server)
    assert reader.read(server) is again
    server.sent[0].term = 2
    assert reader.read(server) is not again
    assert again["sent"] == "[Entry(term=1, command=2), None]"


def test_an_object_with_many_attributes_is_shown_in_part(reader):
    server = Server(**{f"a{n}": n for n in range(200)})
    assert len(reader.read(server)) == ATTRIBUTES_MAX


@pytest.mark.unmeasured
def test_what_is_kept_of_the_last_time_is_never_shown_in_its_place(reader):
    rng = random.Random(1)

    def scalar():
        return rng.choice([1, 2, 1000 + rng.randrange(2), "a", None, 2.5, b"xy", len])

    def item():
        few = rng.randrange(3)
        return rng.choice(
            [
                scalar,
                lambda: tuple(scalar() for _ in range(few)),
                lambda: [scalar() for _ in range(few)],
                lambda: Entry(scalar(), scalar()),
            ]
        )()

    held = [Entry(1, 1), [1], [1, 2]]
    server = Server(many=[0] * 300, by={}, queue=deque(), log=Log())
    for _ in range(300):
        server.by[rng.randrange(4)] = item()
        server.queue.append(item()) if rng.random() < 0.7 else server.queue.clear()
        server.log.base = scalar()
        vars(server).pop("extra", None)
        vars(server).update(
            {"extra": rng.choice([1, Log()])} if rng.random() < 0.3 else {}
        )
        held[0].term, held[0].command = scalar(), item()
        held[rng.randrange(1, 3)][0] = scalar()
        server.items = [rng.choice([*held, item()]) for _ in range(rng.randrange(12))]
        server.names = {rng.randrange(4) for _ in range(rng.randrange(4))}
        server.many[-1] = item()
        server.many.append(0) if rng.random() < 0.2 else None
        assert reader.read(server) == StateReader([__name__]).read(server)
