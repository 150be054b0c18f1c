"""What a server's object holds, as text: the attributes with plain values.

For people who look at a run. Calls nothing of the submission's, no property and no
`__repr__`, so that looking changes nothing.
"""

import enum
import operator
import sys
from collections import deque
from collections.abc import Callable, Container
from dataclasses import dataclass
from types import GetSetDescriptorType
from typing import Any

ATTRIBUTES_MAX = 80
_ITEMS_SHOWN = 9
_LAST_SHOWN = 2
_CHARS_MAX = 60
_BITS_MAX = 256


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of an attribute from the last time that it was read.

    Attributes:
        name: what it is called in the result.
        identity: what stays the same object, or the same objects, while the text does.
        collection: list or set, if `identity` holds the items that are shown of one;
            None if it does not.
        length: how many items that list or set has.
        text: its value as text, None if it is not plain.
        has_attributes: whether its value is an object of the submission's.
    """

    name: str
    identity: Any
    collection: type | None
    length: int
    text: str | None
    has_attributes: bool

    def has_items_of(self, value: Any) -> bool:
        """Return whether it was read from a list or set with the items of this one."""
        kind: Any = type(value)
        if self.collection is not kind or self.length != len(value):
            return False
        items = value if self.length <= _ITEMS_SHOWN else value[-_LAST_SHOWN:]
        return all(map(operator.is_, self.identity, items))


class StateReader:
    """Reads one server's object again and again; keeps the text of what has not changed.

    Args:
        modules: the names of the submission's modules.
    """

    def __init__(self, modules: Container[str]) -> None:
        self._modules = modules
        # By what stands before the names of an object's attributes, and by attribute.
        self._known: dict[str, dict[str, _Known]] = {}
        self._plain_classes: dict[type, bool] = {}
        # The classes whose items in a list have a text that never changes.
        self._fixed = set(_FIXED)

    def read(self, server: object) -> dict[str, str]:
        """Return the attributes that have plain values, as text.

        An attribute that is itself an object of the submission's is shown by its own
        attributes, as in `log.last_index`.
        """
        found: dict[str, str] = {}
        self._read(server, "", found)
        return found

    def _read(self, holder: object, prefix: str, found: dict[str, str]) -> None:
        if not self._has_plain_class(holder):
            return
        known = self._known.setdefault(prefix, {})
        for attribute, value in _stored(holder).items():
            if type(attribute) is not str:
                continue
            seen = known.get(attribute)
            # Most are the same object, and most lists have the same items. This runs for
            # each attribute at each step of a server.
            if seen is None or (
                seen.identity is not value and not seen.has_items_of(value)
            ):
                seen = known[attribute] = self._look(prefix + attribute, value, seen)
            if seen.text is not None:
                found[seen.name] = seen.text
            elif not prefix and seen.has_attributes:
                self._read(value, f"{seen.name}.", found)
            if len(found) >= ATTRIBUTES_MAX:
                return

    def _look(self, name: str, value: Any, before: _Known | None) -> _Known:
        """Return what is known of a value that is another one, or may have changed."""
        identity = self._identity(value)
        if before is not None and _is_same(before.identity, identity):
            return before
        kind = type(value)
        has_items = kind in _COLLECTIONS and type(identity) is tuple
        return _Known(
            name=name,
            identity=identity,
            collection=kind if has_items else None,
            length=len(value) if has_items else 0,
            text=_value_text(value, self._modules),
            has_attributes=kind.__module__ in self._modules,
        )

    def _identity(self, value: Any) -> Any:
        """Return a value, or a tuple of the items shown, as long as none can change.

        For a list that may change inside, return a list of what its text depends on.
        """
        kind = type(value)
        if kind is list:
            if len(value) <= _ITEMS_SHOWN:
                return self._items_identity(value)
            last = self._items_identity(value[-_LAST_SHOWN:])
            # Large numbers that are equal are not always one object; interned text is.
            return last if type(last) is tuple else [sys.intern(str(len(value))), *last]
        if kind is set and len(value) <= _ITEMS_SHOWN:
            return (
                tuple(value) if self._fixed.issuperset(map(type, value)) else _UNKNOWN
            )
        return _UNKNOWN if kind in _CHANGEABLE else value

    def _items_identity(self, items: list[Any]) -> tuple[Any, ...] | list[Any]:
        """Return the objects on which the text of a list's items depends."""
        if self._fixed.issuperset(map(type, items)):
            return tuple(items)
        found: list[Any] = []
        for item in items:
            kind = type(item)
            if kind in self._fixed:
                found.append(item)
            elif kind is list:
                # How many parts follow keeps this list's apart from the next item's.
                parts = item[:_ITEMS_SHOWN]
                found += (kind, len(parts), *parts)
            elif self._shows_attributes(item):
                stored = _stored(item)
                values = [
                    v if type(v) in _SCALARS else type(v) for v in stored.values()
                ]
                found += (kind, len(stored), *stored, *values)
            else:
                self._fixed.add(kind)
                found.append(item)
        return found

    def _shows_attributes(self, item: object) -> bool:
        """Return whether an item of a list is shown by its own attributes."""
        kind = type(item)
        if issubclass(kind, enum.Enum) or kind.__module__ not in self._modules:
            return False
        return self._has_plain_class(item)

    def _has_plain_class(self, value: object) -> bool:
        kind = type(value)
        if kind not in self._plain_classes:
            self._plain_classes[kind] = _stores_plainly(kind)
        return self._plain_classes[kind]


# Stands for a value that may have changed inside, and equals no other.
_UNKNOWN = object()


def _is_same(before: Any, now: Any) -> bool:
    if before is _UNKNOWN or now is _UNKNOWN:
        return False
    if before is now:
        return True
    return (
        type(before) is list
        and type(now) is list
        and len(before) == len(now)
        and all(map(operator.is_, before, now))
    )


def _stores_plainly(kind: type) -> bool:
    """Return whether no class in between interferes with where attributes are stored."""
    for base in kind.__mro__:
        own = base.__dict__.get("__dict__")
        if own is not None and type(own) is not GetSetDescriptorType:
            return False
    return True


def _stored(value: object) -> dict[Any, Any]:
    """Return what an object stores, under names or whatever it is filed under."""
    try:
        attributes: dict[Any, Any] = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    return attributes


def _value_text(value: object, modules: Container[str]) -> str | None:
    """Return a plain value as text, None for any other."""
    kind = type(value)
    if kind in _SCALARS:
        return _SCALARS[kind](value)
    if kind in _LISTS:
        if not any(_is_plain(type(item), modules) for item in value or [0]):  # type: ignore[attr-defined]
            return None
        items = value if kind is list else list(value)  # type: ignore[call-overload]
        return _items_text(items, modules)  # type: ignore[arg-type]
    if kind in _SETS:
        items = [_item_text(item, modules) for item in value]  # type: ignore[attr-defined]
        return "{" + ", ".join(sorted(items)[:_ITEMS_SHOWN]) + "}"
    if kind is dict:
        return _dict_text(value, modules)
    if issubclass(kind, enum.Enum):
        return str(object.__getattribute__(value, "_name_"))
    return None


def _is_plain(kind: type, modules: Container[str]) -> bool:
    """Return whether an item says something: a number, an entry, no lock or peer."""
    return kind in _SCALARS or kind in (*_LISTS, dict) or kind.__module__ in modules


def _own_attributes(value: object) -> list[tuple[str, Any]]:
    if not _stores_plainly(type(value)):
        return []
    named = [(name, v) for name, v in _stored(value).items() if type(name) is str]
    return named[:_ITEMS_SHOWN]


def _int_text(value: int) -> str:
    bits = value.bit_length()
    return str(value) if bits <= _BITS_MAX else f"a number of {bits} bits"


def _str_text(value: str) -> str:
    return repr(value if len(value) <= _CHARS_MAX else value[:_CHARS_MAX] + "…")


_SCALARS: dict[type, Callable[[Any], str]] = {
    int: _int_text,
    str: _str_text,
    bool: repr,
    float: repr,
    type(None): repr,
    bytes: lambda value: f"{len(value)} bytes",
}
_LISTS = (list, tuple, deque)
_SETS = (set, frozenset)
# A tuple's items are shown only if they are scalars.
_FIXED = frozenset([*_SCALARS, tuple])
_CHANGEABLE = frozenset([deque, set, dict])
_COLLECTIONS = frozenset([list, set])


def _items_text(items: list[Any], modules: Container[str]) -> str:
    if len(items) <= _ITEMS_SHOWN:
        return f"[{', '.join([_item_text(item, modules) for item in items])}]"
    last = ", ".join([_item_text(item, modules) for item in items[-_LAST_SHOWN:]])
    return f"[… {last}], {len(items)} items"


def _dict_text(value: Any, modules: Container[str]) -> str:
    pairs = list(value.items())
    shown = [
        f"{_item_text(k, modules)}: {_item_text(v, modules)}"
        for k, v in pairs[-_ITEMS_SHOWN:]
    ]
    if len(pairs) > _ITEMS_SHOWN:
        return f"{len(pairs)} items, last {shown[-1]}"
    return "{" + ", ".join(shown) + "}"


def _item_text(value: Any, modules: Container[str]) -> str:
    """Return one item of a list: a scalar, or the scalars of an entry."""
    kind = type(value)
    if kind in _SCALARS:
        return _SCALARS[kind](value)
    if kind is tuple or kind is list:
        parts = [
            _SCALARS[type(p)](p) if type(p) in _SCALARS else "…"
            for p in value[:_ITEMS_SHOWN]
        ]
        return f"({', '.join(parts)})" if kind is tuple else f"[{', '.join(parts)}]"
    if issubclass(kind, enum.Enum):
        return str(object.__getattribute__(value, "_name_"))
    if kind.__module__ not in modules:
        return kind.__name__
    fields = [
        f"{name}={_SCALARS[type(v)](v)}"
        for name, v in _own_attributes(value)
        if type(v) in _SCALARS
    ]
    return f"{kind.__name__}({', '.join(fields)})"
