"""What a server's object holds, as text: the attributes with plain values.

For people who look at a run. Calls nothing of the submission's, no property and no
`__repr__`, so that looking changes nothing.
"""

import enum
from collections import deque
from collections.abc import Callable, Container
from types import GetSetDescriptorType
from typing import Any

ATTRIBUTES_MAX = 80
_ITEMS_SHOWN = 9
_LAST_SHOWN = 2
_CHARS_MAX = 60
_BITS_MAX = 256


def plain_state(server: object, modules: Container[str]) -> dict[str, str]:
    """Return the attributes of a server's object that have plain values, as text.

    An attribute that is itself an object of the submission's is shown by its own
    attributes, as in `log.last_index`.

    Args:
        server: the object.
        modules: the names of the submission's modules.
    """
    found: dict[str, str] = {}
    for name, value in _attributes(server).items():
        text = _value_text(value, modules)
        if text is not None:
            found[name] = text
        elif type(value).__module__ in modules:
            for inner, part in _attributes(value).items():
                text = _value_text(part, modules)
                if text is not None:
                    found[f"{name}.{inner}"] = text
        if len(found) >= ATTRIBUTES_MAX:
            break
    return found


def _attributes(value: object) -> dict[str, Any]:
    """Return what an object stores under its names; nothing if a class interferes."""
    for kind in type(value).__mro__:
        own = kind.__dict__.get("__dict__")
        if own is not None and type(own) is not GetSetDescriptorType:
            return {}
    try:
        attributes: dict[Any, Any] = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    return {name: v for name, v in attributes.items() if type(name) is str}


def _value_text(value: object, modules: Container[str]) -> str | None:
    """Return a plain value as text, None for any other."""
    kind = type(value)
    if kind in _SCALARS:
        return _SCALARS[kind](value)
    if kind in _LISTS:
        if not any(_is_plain(type(item), modules) for item in value or [0]):  # type: ignore[attr-defined]
            return None
        return _items_text(list(value), modules)  # type: ignore[call-overload]
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
        for name, v in list(_attributes(value).items())[:_ITEMS_SHOWN]
        if type(v) in _SCALARS
    ]
    return f"{kind.__name__}({', '.join(fields)})"
