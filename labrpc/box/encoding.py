"""Messages as bytes, with pickle's behaviour at a third of its cost.

What pickle can send can be sent: any object graph, dataclasses, enums,
nested entries; a class is named in the bytes and resolved to the receiving
box's own. The quick way covers trees of plain values, plain objects and
enums: each object becomes a tuple that begins with `...` and the class's
name, and marshal writes the result. Whatever does not fit (shared references,
cycles, `__reduce__`, sets) is pickled whole, so behaviour never differs.

Neither way is safe for bytes that a stranger made. Only a box decodes, and
only what the same submission has sent.
"""

import copyreg
import dataclasses
import enum
import io
import marshal
import pickle
from collections.abc import Callable
from functools import cache
from itertools import chain
from types import ModuleType
from typing import Any, cast

# Version 2 has no back references, whose presence depends on reference counts:
# equal values must become equal bytes in every run.
_MARSHAL_VERSION = 2
_SCALARS = frozenset({int, str, bytes, float, bool, type(None)})
_TUPLES = {tuple}
_parts = chain.from_iterable
_PICKLE_START = 0x80  # The first byte of every pickle; no marshal value has it.

Lower = Callable[[Any, set[int]], Any]
"""Return the tree of plain values for an object, given the ids of those before it."""
Lift = Callable[[Any], Any]
"""Return the object for a tree of plain values."""


class _NotPlain(Exception):
    """The value needs pickle."""


class Codec:
    """Encodes and decodes for one box, resolving classes among its modules.

    Args:
        modules: the submission's modules that the box has loaded.
        load: loads one more of them, as unpickling imports what it needs.
    """

    def __init__(
        self,
        modules: dict[str, ModuleType],
        load: Callable[[str], object] = lambda name: None,
    ) -> None:
        self._modules = modules
        self._load = load
        self._lower = _Finder(self._find_lower)
        self._lower |= {
            list: self._lower_list,
            dict: self._lower_dict,
            tuple: self._lower_tuple,
        }
        self._lift_object = _Finder(self._find_lift)

    def encode(self, value: Any) -> bytes:
        """Return `value` as bytes.

        Raises:
            TypeError: pickle cannot send it either, with pickle's reason.
        """
        try:
            if type(value) not in _SCALARS:
                value_or_tree = self._lower[type(value)](value, set())
                return marshal.dumps(value_or_tree, _MARSHAL_VERSION)
            return marshal.dumps(value, _MARSHAL_VERSION)
        except (_NotPlain, ValueError, RecursionError):
            pass
        try:
            return pickle.dumps(value, protocol=4)
        except Exception as exc:
            # Python's own words for it name a size that varies from run to run.
            too_deep = isinstance(exc, RecursionError)
            reason = "it is nested too deeply" if too_deep else exc
            raise TypeError(
                f"cannot send a {type(value).__name__} to another server: {reason}"
            ) from None

    def decode(self, data: bytes) -> Any:
        """Return the value that `encode` was given, made of this box's classes."""
        if data[0] == _PICKLE_START:
            return _Unpickler(data, self._load).load()
        value = marshal.loads(data)
        kind = type(value)
        if kind is tuple and value and value[0] is ...:
            return self._lift_object[value[1]](value)
        return value if kind in _SCALARS else self._lift(value)

    # Lowering: from objects to trees of plain values. What is plain is not copied.

    def _lower_list(self, value: list[Any], seen: set[int]) -> list[Any]:
        if id(value) in seen:
            raise _NotPlain
        seen.add(id(value))
        kinds = set(map(type, value))
        if kinds <= _SCALARS:
            return value
        if len(kinds) == 1:
            kind = kinds.pop()
            if kind is tuple and _SCALARS.issuperset(map(type, _parts(value))):
                return value
            lower = self._lower[kind]
            return [lower(v, seen) for v in value]
        return [
            v if type(v) in _SCALARS else self._lower[type(v)](v, seen) for v in value
        ]

    def _lower_tuple(self, value: tuple[Any, ...], seen: set[int]) -> tuple[Any, ...]:
        if _SCALARS.issuperset(map(type, value)):
            return value
        # One that begins with `...` is pickled, as everything that has one in it is.
        return tuple(
            [v if type(v) in _SCALARS else self._lower[type(v)](v, seen) for v in value]
        )

    def _lower_dict(self, value: dict[Any, Any], seen: set[int]) -> dict[Any, Any]:
        if id(value) in seen or not _SCALARS.issuperset(map(type, value)):
            raise _NotPlain
        seen.add(id(value))
        if _SCALARS.issuperset(map(type, value.values())):
            return value
        return {
            k: v if type(v) in _SCALARS else self._lower[type(v)](v, seen)
            for k, v in value.items()
        }

    def _find_lower(self, kind: type) -> Lower:
        name = f"{kind.__module__}:{kind.__qualname__}"
        lower: Lower = _refuse
        if not self._is_ours(kind):
            pass
        elif issubclass(kind, enum.Enum):
            if kind.__reduce_ex__ is enum.Enum.__reduce_ex__:
                lower = self._lower_member(name)
        elif not _is_plain_class(kind):
            pass
        elif (fields := _fields(kind)) is not None:
            lower = _lower_maker(fields)(name, fields, self._lower)
        else:
            lower = self._lower_attributes(name)
        return lower

    def _is_ours(self, kind: type) -> bool:
        """Return whether the class can be found again by its name."""
        module = self._modules.get(kind.__module__)
        return module is not None and _resolve(module, kind.__qualname__) is kind

    def _lower_member(self, name: str) -> Lower:
        """Return how to lower a member of an enum: by its value, as pickle does."""

        def lower(value: enum.Enum, seen: set[int]) -> Any:
            inner = value.value
            if type(inner) not in _SCALARS:
                inner = self._lower[type(inner)](inner, seen)
            return (..., name, inner)

        return lower

    def _lower_attributes(self, name: str) -> Lower:
        """Return how to lower any other object: its attributes, by name."""

        def lower(value: Any, seen: set[int]) -> Any:
            if id(value) in seen:
                raise _NotPlain
            seen.add(id(value))
            return (..., name, self._lower_dict(vars(value), seen))

        return lower

    # Lifting: back to objects. Nothing else refers to what `marshal.loads` has made, so
    # plain values are handed on as they are.

    def _lift(self, value: Any) -> Any:
        kind = type(value)
        if kind is list:
            kinds = set(map(type, value))
            if kinds <= _SCALARS:
                return value
            if kinds != _TUPLES:
                return [v if type(v) in _SCALARS else self._lift(v) for v in value]
            if _SCALARS.issuperset(map(type, _parts(value))):
                return value
            lift_object = self._lift_object
            return [
                lift_object[v[1]](v) if v and v[0] is ... else self._lift(v)
                for v in value
            ]
        if kind is tuple:
            if value and value[0] is ...:
                return self._lift_object[value[1]](value)
            return tuple([v if type(v) in _SCALARS else self._lift(v) for v in value])
        if kind is dict:
            return {
                k: v if type(v) in _SCALARS else self._lift(v) for k, v in value.items()
            }
        return value

    def _find_lift(self, name: str) -> Lift:
        module_name, _, qualname = name.partition(":")
        if module_name not in self._modules:
            self._load(module_name)
        kind = _resolve(self._modules.get(module_name), qualname)
        if kind is None:
            raise TypeError(f"this server has no class {name.replace(':', '.')}")
        if issubclass(kind, enum.Enum):
            return lambda value: kind(self._lift(value[2]))
        if (fields := _fields(kind)) is None:
            return self._lift_attributes(kind)
        maker = _lift_maker(fields, _sets_attributes(kind, fields))
        return maker(kind, kind.__new__, self._lift)

    def _lift_attributes(self, kind: Any) -> Lift:
        def restore(value: tuple[Any, ...]) -> Any:
            made = kind.__new__(kind)
            made.__dict__.update(self._lift(value[2]))
            return made

        return restore


class _Finder(dict[Any, Callable[..., Any]]):
    """Functions by class or name; each is found when it is first wanted."""

    def __init__(self, find: Callable[[Any], Callable[..., Any]]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, key: Any) -> Callable[..., Any]:
        found = self[key] = self._find(key)
        return found


# Dataclasses are most of what Rafts send. A function written for the number and the
# names of a class's fields takes half the time of one that loops over them.

_LOWER_FIELDS = """
def make(name, fields, lower):
    def lower_fields(value, seen):
        attributes = value.__dict__
        if tuple(attributes) != fields or id(value) in seen:
            raise NotPlain
        seen.add(id(value))
        [{values}] = attributes.values()
        return ..., name, {lowered}
    return lower_fields
"""
_LIFT_FIELDS = """
def make(kind, new, lift):
    def lift_fields(value):
        _, _, {values} = value
        made = new(kind)
        {assignments}
        return made
    return lift_fields
"""


@cache
def _lower_maker(fields: tuple[str, ...]) -> Callable[..., Lower]:
    """Return what makes the function that lowers a dataclass with these fields."""
    values = _values(fields)
    lowered = [
        f"{v} if type({v}) in SCALARS else lower[type({v})]({v}, seen)" for v in values
    ]
    return _executed(
        _LOWER_FIELDS.format(values=", ".join(values), lowered=", ".join(lowered))
    )


@cache
def _lift_maker(fields: tuple[str, ...], by_attribute: bool) -> Callable[..., Lift]:
    """Return what makes the function that lifts a dataclass with these fields.

    Args:
        fields: their names.
        by_attribute: whether to set attributes, which is faster, or to bypass the class.
    """
    values = _values(fields)
    targets = [f"made.{f}" if by_attribute else f"attributes[{f!r}]" for f in fields]
    assignments = [
        f"{target} = {v} if type({v}) in SCALARS else lift({v})"
        for target, v in zip(targets, values, strict=True)
    ]
    if not by_attribute:
        assignments.insert(0, "attributes = made.__dict__")
    return _executed(
        _LIFT_FIELDS.format(
            values=", ".join(values), assignments="; ".join(assignments)
        )
    )


def _values(fields: tuple[str, ...]) -> list[str]:
    return [f"v{number}" for number in range(len(fields))]


def _executed(code: str) -> Callable[..., Any]:
    names: dict[str, Any] = {"SCALARS": _SCALARS, "NotPlain": _NotPlain}
    exec(code, names)
    return cast("Callable[..., Any]", names["make"])


def _sets_attributes(kind: Any, fields: tuple[str, ...]) -> bool:
    """Return whether setting an attribute of the class does just that."""
    return kind.__setattr__ is object.__setattr__ and not any(
        hasattr(type(vars(base)[field]), "__set__")
        for base in kind.__mro__
        for field in vars(base).keys() & fields
    )


def _refuse(value: Any, seen: set[int]) -> Any:
    raise _NotPlain


def _fields(kind: type) -> tuple[str, ...] | None:
    """Return the fields of a dataclass, None for any other class.

    A subclass that is not a dataclass itself is another class.
    """
    if "__dataclass_fields__" not in vars(kind):
        return None
    return tuple(field.name for field in dataclasses.fields(kind))


def _is_plain_class(kind: Any) -> bool:
    """Return whether pickle would store just the object's `__dict__`."""
    return (
        kind.__reduce_ex__ is object.__reduce_ex__
        and kind.__reduce__ is object.__reduce__
        and kind.__getstate__ is object.__getstate__
        and kind.__new__ is object.__new__
        and not hasattr(kind, "__setstate__")
        and not hasattr(kind, "__getnewargs__")
        and not hasattr(kind, "__getnewargs_ex__")
        and kind.__dictoffset__ != 0
        and kind not in copyreg.dispatch_table
        and not any("__slots__" in vars(base) for base in kind.__mro__)
        and kind.__basicsize__ <= _Plain.__basicsize__
    )


class _Plain:
    """The size of an object that has a `__dict__` and nothing else."""


class _Unpickler(pickle.Unpickler):
    """Has a module of the submission loaded before a class is looked up in it."""

    def __init__(self, data: bytes, load: Callable[[str], object]) -> None:
        super().__init__(io.BytesIO(data))
        self._load = load

    def find_class(self, module_name: str, name: str) -> Any:
        self._load(module_name)
        return super().find_class(module_name, name)


def _resolve(module: ModuleType | None, qualname: str) -> Any:
    found: Any = module
    for part in qualname.split("."):
        found = getattr(found, part, None)
    return found
