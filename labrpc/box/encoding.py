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
from types import ModuleType
from typing import Any

# Version 2 has no back references, whose presence depends on reference counts:
# equal values must become equal bytes in every run.
_MARSHAL_VERSION = 2
_SCALARS = frozenset({int, str, bytes, float, bool, type(None)})
_PICKLE_START = 0x80  # The first byte of every pickle; no marshal value has it.

Lower = Callable[[Any, set[int]], Any]
Raise = Callable[[tuple[Any, ...]], Any]


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
        self._lower: dict[type, Lower] = {list: self._lower_list, dict: self._lower_dict,
                                          tuple: self._lower_tuple}  # fmt: skip
        self._raise: dict[str, Raise] = {}

    def encode(self, value: Any) -> bytes:
        """Return `value` as bytes.

        Raises:
            TypeError: pickle cannot send it either, with pickle's reason.
        """
        try:
            if type(value) not in _SCALARS:
                lower = self._lower.get(type(value)) or self._find_lower(type(value))
                return marshal.dumps(lower(value, set()), _MARSHAL_VERSION)
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
        if kind is tuple or kind is list or kind is dict:
            return self._lift(value)
        return value

    # Lowering: from objects to trees of plain values.

    def _lower_any(self, value: Any, seen: set[int]) -> Any:
        kind = type(value)
        if kind in _SCALARS:
            return value
        return (self._lower.get(kind) or self._find_lower(kind))(value, seen)

    def _lower_list(self, value: list[Any], seen: set[int]) -> list[Any]:
        _note(value, seen)
        lower = self._lower_any
        return [v if type(v) in _SCALARS else lower(v, seen) for v in value]

    def _lower_tuple(self, value: tuple[Any, ...], seen: set[int]) -> tuple[Any, ...]:
        if value and value[0] is ...:
            raise _NotPlain
        lower = self._lower_any
        return tuple([v if type(v) in _SCALARS else lower(v, seen) for v in value])

    def _lower_dict(self, value: dict[Any, Any], seen: set[int]) -> dict[Any, Any]:
        _note(value, seen)
        if not _SCALARS.issuperset(map(type, value)):
            raise _NotPlain
        lower = self._lower_any
        return {
            k: v if type(v) in _SCALARS else lower(v, seen) for k, v in value.items()
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
            lower = self._lower_fields(fields, name)
        else:
            lower = self._lower_attributes(name)
        self._lower[kind] = lower
        return lower

    def _is_ours(self, kind: type) -> bool:
        """Return whether the class can be found again by its name."""
        module = self._modules.get(kind.__module__)
        return module is not None and _resolve(module, kind.__qualname__) is kind

    def _lower_member(self, name: str) -> Lower:
        """Return how to lower a member of an enum: by its value, as pickle does."""
        return lambda value, seen: (..., name, self._lower_any(value.value, seen))

    def _lower_fields(self, fields: tuple[str, ...], name: str) -> Lower:
        """Return how to lower a dataclass: its field values, in order."""
        lower_any = self._lower_any

        def lower(value: Any, seen: set[int]) -> Any:
            attributes = value.__dict__
            if tuple(attributes) != fields:
                raise _NotPlain
            _note(value, seen)
            return (
                ...,
                name,
                *[
                    v if type(v) in _SCALARS else lower_any(v, seen)
                    for v in attributes.values()
                ],
            )

        return lower

    def _lower_attributes(self, name: str) -> Lower:
        """Return how to lower any other object: its attributes, by name."""

        def lower(value: Any, seen: set[int]) -> Any:
            _note(value, seen)
            return (..., name, self._lower_dict(vars(value), seen))

        return lower

    # Lifting: back to objects.

    def _lift(self, value: Any) -> Any:
        kind = type(value)
        if kind is tuple:
            if value and value[0] is ...:
                return (self._raise.get(value[1]) or self._find_raise(value[1]))(value)
            return tuple([v if type(v) in _SCALARS else self._lift(v) for v in value])
        if kind is list:
            return [v if type(v) in _SCALARS else self._lift(v) for v in value]
        if kind is dict:
            return {
                k: v if type(v) in _SCALARS else self._lift(v) for k, v in value.items()
            }
        return value

    def _find_raise(self, name: str) -> Raise:
        module_name, _, qualname = name.partition(":")
        if module_name not in self._modules:
            self._load(module_name)
        kind = _resolve(self._modules.get(module_name), qualname)
        if kind is None:
            raise TypeError(f"this server has no class {name.replace(':', '.')}")
        if issubclass(kind, enum.Enum):
            restore: Raise = lambda value: kind(self._lift(value[2]))  # noqa: E731
        elif (fields := _fields(kind)) is not None:
            restore = self._raise_fields(kind, fields)
        else:
            restore = self._raise_attributes(kind)
        self._raise[name] = restore
        return restore

    def _raise_fields(self, kind: Any, fields: tuple[str, ...]) -> Raise:
        names = (None, None, *fields)
        new = kind.__new__
        lift = self._lift

        def restore(value: tuple[Any, ...]) -> Any:
            made = new(kind)
            attributes = made.__dict__
            for name, v in zip(names, value, strict=True):
                if name is not None:
                    attributes[name] = v if type(v) in _SCALARS else lift(v)
            return made

        return restore

    def _raise_attributes(self, kind: Any) -> Raise:
        def restore(value: tuple[Any, ...]) -> Any:
            made = kind.__new__(kind)
            made.__dict__.update(self._lift(value[2]))
            return made

        return restore


def _note(value: Any, seen: set[int]) -> None:
    """Leave values with shared or circular references to pickle."""
    if id(value) in seen:
        raise _NotPlain
    seen.add(id(value))


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
