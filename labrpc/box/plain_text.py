"""Plain values as text of bounded length.

Calls nothing of the submission's, no property and no `__repr__`.
"""

import enum
from collections import deque
from collections.abc import Callable, Container
from contextlib import suppress
from types import GetSetDescriptorType, MemberDescriptorType
from typing import Any

ITEMS_SHOWN = 9
LAST_SHOWN = 2
_CHARS_MAX = 60
_BITS_MAX = 256


def stores_plainly(kind: type) -> bool:
    """Return whether no class in between interferes with where attributes are stored."""
    for base in kind.__mro__:
        own = base.__dict__.get("__dict__")
        if own is not None and type(own) is not GetSetDescriptorType:
            return False
    return True


def stored_in(value: object) -> dict[Any, Any]:
    """Return what an object stores, under names or whatever it is filed under."""
    try:
        attributes = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return _fields_of(value)
    # A dictionary of the submission's own class would run its code.
    return attributes if type(attributes) is dict else {}


def _fields_of(value: object) -> dict[str, Any]:
    """Return what an object stores that has no dictionary: in slots, or as a named tuple."""
    kind = type(value)
    if isinstance(value, tuple):
        names = _names_in(kind, "_fields")
        return dict(zip(names, tuple.__iter__(value), strict=False))
    found: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        for name in _names_in(base, "__slots__"):
            slot = base.__dict__.get(name)
            if type(slot) is MemberDescriptorType:
                # One that was never set has no value.
                with suppress(AttributeError):
                    found[name] = slot.__get__(value)
    return found


def _names_in(kind: type, attribute: str) -> list[str]:
    """Return the names in a tuple of a class's; other types could run the submission's code."""
    names = kind.__dict__.get(attribute)
    return [n for n in names if type(n) is str] if type(names) is tuple else []


def value_text(value: object, modules: Container[str]) -> str | None:
    """Return a plain value as text, None for any other."""
    kind = type(value)
    if kind in SCALARS:
        return SCALARS[kind](value)
    if kind in _LISTS:
        items = list(value)  # type: ignore[call-overload]
        if not says_something(items, modules):
            return None
        shown = items if len(items) <= ITEMS_SHOWN else items[-LAST_SHOWN:]
        return list_text([item_text(item, modules) for item in shown], len(items))
    if kind in _SETS:
        items = [item_text(item, modules) for item in value]  # type: ignore[attr-defined]
        return "{" + ", ".join(sorted(items)[:ITEMS_SHOWN]) + "}"
    if kind is dict:
        return _dict_text(value, modules)
    if issubclass(kind, enum.Enum):
        return str(object.__getattribute__(value, "_name_"))
    return None


def says_something(items: list[Any], modules: Container[str]) -> bool:
    """Return whether a list is empty, or has a number or an entry among locks and peers."""
    for item in items:
        kind = type(item)
        if kind in _PLAIN_ITEMS or kind.__module__ in modules:
            return True
    return not items


def list_text(texts: list[str], length: int) -> str:
    """Return a list as text.

    Args:
        texts: its items; the last ones of a list that is too long to be shown whole.
        length: how many items it has.
    """
    if length <= ITEMS_SHOWN:
        return f"[{', '.join(texts)}]"
    return f"[… {', '.join(texts)}], {length} items"


def _own_attributes(value: object) -> list[tuple[str, Any]]:
    if not stores_plainly(type(value)):
        return []
    named = [(name, v) for name, v in stored_in(value).items() if type(name) is str]
    return named[:ITEMS_SHOWN]


def _int_text(value: int) -> str:
    bits = value.bit_length()
    return str(value) if bits <= _BITS_MAX else f"a number of {bits} bits"


def _str_text(value: str) -> str:
    return repr(value if len(value) <= _CHARS_MAX else value[:_CHARS_MAX] + "…")


SCALARS: dict[type, Callable[[Any], str]] = {
    int: _int_text,
    str: _str_text,
    bool: repr,
    float: repr,
    type(None): repr,
    bytes: lambda value: f"{len(value)} bytes",
}
_LISTS = (list, tuple, deque)
_SETS = (set, frozenset)
_PLAIN_ITEMS = frozenset([*SCALARS, *_LISTS, dict])


def _dict_text(value: Any, modules: Container[str]) -> str:
    pairs = list(value.items())
    shown = [
        f"{item_text(k, modules)}: {item_text(v, modules)}"
        for k, v in pairs[-ITEMS_SHOWN:]
    ]
    if len(pairs) > ITEMS_SHOWN:
        return f"{len(pairs)} items, last {shown[-1]}"
    return "{" + ", ".join(shown) + "}"


def item_text(value: Any, modules: Container[str]) -> str:
    """Return one item of a list: a scalar, or the scalars of an entry."""
    kind = type(value)
    if kind in SCALARS:
        return SCALARS[kind](value)
    if kind is tuple or kind is list:
        parts = [
            SCALARS[type(p)](p) if type(p) in SCALARS else "…"
            for p in value[:ITEMS_SHOWN]
        ]
        return f"({', '.join(parts)})" if kind is tuple else f"[{', '.join(parts)}]"
    if issubclass(kind, enum.Enum):
        return str(object.__getattribute__(value, "_name_"))
    if kind.__module__ not in modules:
        return kind.__name__
    fields = [
        f"{name}={SCALARS[type(v)](v)}"
        for name, v in _own_attributes(value)
        if type(v) in SCALARS
    ]
    return f"{kind.__name__}({', '.join(fields)})"
