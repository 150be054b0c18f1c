"""What modules hold: each kind of change shows, and what cannot be followed is known."""

from types import ModuleType

import pytest

from labrpc.simulated.module_contents import Contents

SOURCE = """\
import dataclasses, enum, functools, math
from typing import NamedTuple

class Role(enum.Enum):
    FOLLOWER = 1

@dataclasses.dataclass
class Args:
    term: int
    entries: list = dataclasses.field(default_factory=list)

class Entry(NamedTuple):
    term: int
    command: object

class Raft:
    lives = 0
    peers = {"known": [1, 2]}

    def begin(self, seen=[]):
        seen.append(1)

def counter():
    count = 0
    def add():
        nonlocal count
        count += 1
    return add

add = counter()
made = {}
exec("count = 0\\ndef add():\\n    global count\\n    count += 1", made)
add_made = made["add"]
del made
"""


@pytest.fixture
def load():
    """Return a function that returns the names of a module, and their contents."""

    def load(source):
        module = ModuleType("student")
        exec(source, vars(module))
        return vars(module), Contents({"student": module}, {}, None)

    return load


@pytest.mark.parametrize(
    "change",
    [
        "Raft.lives += 1",
        "Raft.peers['known'].append(3)",
        "Raft.peers['new'] = None",
        "Raft().begin()",
        "Raft.begin.calls = 1",
        "Role.FOLLOWER.since = 3",
        "Args.entries = ()",
        "Args.__dataclass_fields__['term'].kw_only = True",
        "Entry._field_defaults['command'] = 0",
        "new = 1",
        "add()",
        "add_made()",
        "Raft, Args = Args, Raft",
    ],
)
def test_a_change_shows(load, change):
    names, contents = load(SOURCE)
    assert contents.are_known
    assert contents.are_unchanged()
    exec(change, names)
    assert not contents.are_unchanged()


def test_using_what_is_defined_changes_nothing(load):
    names, contents = load(SOURCE)
    exec("Raft(); Args(1).entries.append(2); Entry(1, 2)._replace(term=2)", names)
    assert contents.are_unchanged()


@pytest.mark.parametrize(
    "state",
    [
        "import threading; lock = threading.Lock()",
        "import random; draws = random.Random(1)",
        "import itertools; numbers = itertools.count()",
        "import functools; cached = functools.cache(len)",
        "from labrpc.simulated.output import Output; out = Output(print)",
    ],
)
def test_what_cannot_be_followed_is_known(load, state):
    assert not load(state)[1].are_known
