"""Classes of every kind that a server may send; test_codec executes this file."""

from __future__ import annotations

import copyreg
import enum
from collections import namedtuple
from dataclasses import InitVar, dataclass, field
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Color(enum.Enum):
    RED = 1
    DEEP = ("a", 2)


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Name(str, enum.Enum):  # noqa: UP042 - pickled unlike a StrEnum
    A = "a"


class Flags(enum.Flag):
    X = 1
    Y = 2


@dataclass
class Two:
    a: Any
    b: Any = 7


@dataclass
class Counted:
    LIMIT: ClassVar[int] = 3
    a: Any = 1
    b: Any = 2


@dataclass
class One:
    a: Any


@dataclass
class Empty:
    pass


@dataclass(frozen=True)
class Frozen:
    a: Any
    b: Any


@dataclass(slots=True)
class Slotted:
    a: Any
    b: Any


@dataclass(frozen=True, slots=True)
class FrozenSlotted:
    a: Any
    b: Any


@dataclass
class Child(Two):
    c: Any = None


class PlainChild(Two):
    """Not a dataclass itself."""


@dataclass
class LateField:
    a: Any = field(init=False)
    b: Any = 0

    def __post_init__(self):
        self.a = self.b


@dataclass
class Boxed(Generic[T]):
    a: T
    b: T


class Plain:
    kind = "default"

    def __init__(self, a, b):
        self.a, self.b = a, b


class Stateful:
    def __init__(self, a, b):
        self.a, self.b = a, b

    def __getstate__(self):
        return {"both": (self.a, self.b)}

    def __setstate__(self, state):
        self.a, self.b = state["both"]


class Reduced:
    def __init__(self, a, b):
        self.a, self.b = a, b

    def __reduce__(self):
        return make_reduced, (self.a, self.b)


def make_reduced(a, b):
    return Reduced(a, b)


class Slots:
    __slots__ = ("a", "b")

    def __init__(self, a, b):
        self.a, self.b = a, b


class Guarded:
    def __init__(self, a, b):
        self.__dict__.update(a=a, b=b)

    def __setattr__(self, name, value):
        raise AttributeError(name)


class New:
    def __new__(cls, *args):
        return super().__new__(cls)

    def __init__(self, a, b):
        self.a, self.b = a, b


class Outer:
    @dataclass
    class Inner:
        a: Any
        b: Any


class Int(int):
    pass


class Text(str):
    pass


class Bytes(bytes):
    pass


class List(list):
    pass


class Dict(dict):
    pass


class Error(Exception):
    pass


class Pair(NamedTuple):
    a: Any
    b: Any


Old = namedtuple("Old", "a b")


class Opened:
    """Any attribute can be read of it, also those that pickle asks for."""

    def __init__(self, a, b):
        self.a, self.b = a, b

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return name


class NewArguments:
    def __new__(cls, a, b):
        made = super().__new__(cls)
        made.a, made.b = a, b
        return made

    def __getnewargs__(self):
        return self.a, self.b


class Registered:
    """Pickled by a function that the module has registered for it."""

    def __init__(self, a, b):
        self.a, self.b = a, b


copyreg.pickle(Registered, lambda value: (Registered, (value.b, value.a)))


@dataclass(kw_only=True)
class Named:
    a: Any
    b: Any = field(default_factory=list)
    tag: InitVar[int] = 0

    @property
    def both(self):
        return self.a, self.b


class Tree(dict):
    """A dictionary with attributes of its own."""

    def __init__(self, *args):
        super().__init__(*args)
        self.a = self.b = None


class HalfSlotted(Plain):
    """Has a slot and, from its base, a dictionary."""

    __slots__ = ("c",)

    def __init__(self, a, b):
        super().__init__(a, None)
        self.c = b


class Restored:
    """Has its own way to be restored, but none to be stored."""

    def __init__(self, a, b):
        self.a, self.b = a, b

    def __setstate__(self, state):
        self.__dict__.update(state, restored=True)


def hidden_class():
    @dataclass
    class Two:
        a: Any = 1
        b: Any = 2

    Two.__qualname__ = "Two"
    return Two


Shadow = hidden_class()
