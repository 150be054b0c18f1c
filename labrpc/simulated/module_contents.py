"""What modules hold, so that a change of it shows.

It follows references through everything that can change, and gives up at what it does not
know: a lock, a generator, a cache in C.
"""

import enum
import gc
import re
import sys
from collections import namedtuple
from collections.abc import Callable, Sequence
from functools import partial
from operator import is_
from types import (
    BuiltinFunctionType,
    CellType,
    ClassMethodDescriptorType,
    CodeType,
    EllipsisType,
    FunctionType,
    GenericAlias,
    GetSetDescriptorType,
    MappingProxyType,
    MemberDescriptorType,
    MethodDescriptorType,
    MethodType,
    ModuleType,
    NoneType,
    NotImplementedType,
    UnionType,
    WrapperDescriptorType,
)
from typing import Any

from labrpc.simulated.stdlib import standard_modules

_Pair = namedtuple("_Pair", ["one", "other"])
# They never change, whatever they refer to.
_CONSTANT = frozenset(
    [
        bool, bytes, complex, float, int, object, range, str, CodeType, EllipsisType,
        NoneType, NotImplementedType, re.Pattern, ClassMethodDescriptorType,
        GetSetDescriptorType, MemberDescriptorType, MethodDescriptorType,
        WrapperDescriptorType, type(vars(_Pair)["one"]),
    ]
)  # fmt: skip
# The garbage collector knows all that these refer to.
_TRANSPARENT = frozenset(
    [
        frozenset, list, partial, property, set, tuple, BuiltinFunctionType, CellType,
        GenericAlias, MappingProxyType, MethodType, UnionType, classmethod, staticmethod,
    ]
)  # fmt: skip
# These refer to the same objects for ever.
_FIXED = frozenset(
    [
        frozenset, tuple, BuiltinFunctionType, GenericAlias, MappingProxyType, MethodType,
        UnionType,
    ]
)  # fmt: skip
# So does it of objects of the classes in these modules.
_PLAIN_MODULES = (
    "dataclasses",
    "enum",
    "typing",
    "_frozen_importlib",
    "importlib",
    "labrpc.simulated.module_copy",
)
# Python fills the first in when it pickles an object of a class; the second belongs to all.
_SLOT_NAMES, _BUILTINS = "__slotnames__", "__builtins__"


class _UnknownError(Exception):
    """There is something whose changes would not show."""


class Contents:
    """All that modules refer to, as it was at one moment.

    Args:
        own: the modules of a submission, by name.
        builtins: their built-in names.
        generator: that of their module `random`, which is compared elsewhere.

    Attributes:
        are_known: whether everything could be followed.
    """

    def __init__(
        self, own: dict[str, ModuleType], builtins: dict[str, Any], generator: Any
    ) -> None:
        self._own = own
        self._standard = standard_modules().modules
        # What can change, how to look into it, and what was found.
        self._places: list[tuple[Any, _Look, Sequence[Any]]] = [
            (names, _items, _items(names)) for names in (own, builtins)
        ]
        self._seen = {id(builtins), id(generator)}
        try:
            self._follow([*own.values()])
            self.are_known = True
        except _UnknownError:
            self.are_known = False

    def are_unchanged(self) -> bool:
        """Return whether everything still refers to the same objects."""
        for value, look, before in self._places:
            now = look(value)
            if len(now) != len(before) or not all(map(is_, now, before)):
                return False
        return True

    def _follow(self, todo: list[Any]) -> None:
        seen = self._seen
        while todo:
            value = todo.pop()
            if type(value) in _CONSTANT or id(value) in seen:
                continue
            seen.add(id(value))
            look = self._look_for(value)
            if look is not None:
                inside = look(value)
                kind = type(value)
                if kind not in _FIXED:
                    self._places.append((value, look, inside))
                if kind is FunctionType:
                    seen.add(id(value.__builtins__))
                    if self._is_of_module(value.__globals__):
                        seen.add(id(value.__globals__))
                todo += inside

    def _look_for(self, value: Any) -> "_Look | None":
        """Return how to look into an object; None if all boxes share it."""
        kind = type(value)
        if kind is dict:
            return _items
        if kind in _TRANSPARENT:
            return gc.get_referents
        if kind is FunctionType:
            return None if self._is_shared(value) else gc.get_referents
        if isinstance(value, type):
            return None if self._is_shared(value) else gc.get_referents
        if isinstance(value, ModuleType):
            return self._look_for_module(value)
        if kind.__module__ in _PLAIN_MODULES and self._is_shared(kind):
            return _of_object
        if isinstance(value, enum.Enum):
            return _of_object
        raise _UnknownError

    def _look_for_module(self, module: ModuleType) -> "_Look | None":
        name = module.__name__
        if self._own.get(name) is module or name == "random":
            return _of_object
        if module is self._standard.get(name) or module is sys.modules.get(name):
            return None
        raise _UnknownError

    def _is_of_module(self, names: dict[str, Any]) -> bool:
        """Return whether names are those of a module, which is looked at as such."""
        name = names.get("__name__", "")
        modules = (self._own.get(name), self._standard.get(name), sys.modules.get(name))
        return any(m is not None and vars(m) is names for m in modules)

    def _is_shared(self, thing: Any) -> bool:
        """Return whether a class or function is found in a module of all boxes."""
        name = thing.__module__
        if name in self._own:
            return False
        found: Any = self._standard.get(name) or sys.modules.get(name)
        for part in thing.__qualname__.split("."):
            found = getattr(found, part, None)
        return found is thing


_Look = Callable[[Any], Sequence[Any]]


def _items(names: dict[Any, Any]) -> list[Any]:
    if _SLOT_NAMES in names or _BUILTINS in names:
        hidden = (_SLOT_NAMES, _BUILTINS)
        names = {name: names[name] for name in names if name not in hidden}
    return [*names, *names.values()]


def _of_object(value: Any) -> list[Any]:
    names = getattr(value, "__dict__", None)
    return gc.get_referents(value) if names is None else _items(names)
