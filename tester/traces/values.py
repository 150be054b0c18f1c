"""Values of messages as a trace holds them: JSON of bounded size, and as text.

Numbers, text, true, false and null stand for themselves, and a short list for itself; a
tuple is a list. Anything else is an object of one of three shapes:

- `{"class": NAME, "fields": {…}}`: an object, a dictionary (class `dict`) or a set;
- `{"bytes": N}`: bytes, of which only the number is kept;
- `{"items": N, "first": […], "last": […]}`: a list too long to be kept whole.
"""

from collections.abc import Sequence
from typing import Any

from tester.text import clean, cut, encodable_text

Value = Any
"""One of the shapes above."""

ITEMS_MAX = 12
FIRST, LAST = 8, 3
CHARS_MAX = 120
FIELDS_MAX = 40
TEXT_CHARS_MAX = 200
_INT_BITS_MAX = 63
_DEPTH_MAX = 30
_LIST_SHOWN = 2


# Making them.


def of_int(number: int) -> Value:
    """Return a number; one that JSON cannot hold as text."""
    if number.bit_length() <= _INT_BITS_MAX:
        return number
    return cut(str(number), CHARS_MAX)


def of_text(text: str) -> Value:
    """Return text, cut, as UTF-8 can hold it."""
    return encodable_text(cut(text, CHARS_MAX))


def of_bytes(count: int) -> Value:
    """Return what stands for a number of bytes."""
    return {"bytes": count}


def of_items(items: Sequence[Value]) -> Value:
    """Return a list, or what stands for a long one."""
    if len(items) <= ITEMS_MAX:
        return list(items)
    return of_long_list(len(items), items[:FIRST], items[-LAST:])


def of_long_list(count: int, first: Sequence[Value], last: Sequence[Value]) -> Value:
    """Return what stands for a list too long to be kept whole."""
    return {"items": count, "first": list(first), "last": list(last)}


def of_object(name: str, fields: dict[str, Value]) -> Value:
    """Return an object of the class `name`; the first fields of one that has many."""
    if len(fields) > FIELDS_MAX:
        left = len(fields) - FIELDS_MAX
        fields = dict(list(fields.items())[:FIELDS_MAX]) | {"…": f"{left} more"}
    return {"class": of_text(name), "fields": fields}


def of_plain(value: Any, depth: int = 0) -> Value:
    """Return a plain Python value, such as a command, as a trace holds it."""
    kind = type(value)
    if kind is int:
        return of_int(value)
    if kind is str:
        return of_text(value)
    if value is None or kind is bool or kind is float:
        return value
    if kind is bytes:
        return of_bytes(len(value))
    if depth > _DEPTH_MAX:
        return "…"
    if kind is list or kind is tuple:
        return of_items([of_plain(item, depth + 1) for item in value])
    if kind is dict:
        pairs = {key_text(k): of_plain(v, depth + 1) for k, v in value.items()}
        return of_object("dict", pairs)
    return of_object(kind.__name__, {})


def key_text(key: Any) -> str:
    """Return a dictionary's key as the name of a field."""
    return str(of_text(key if type(key) is str else repr(key)))


# Looking into them.


def fields(value: Value) -> dict[str, Value]:
    """Return the fields of an object, none of anything else."""
    found = value.get("fields") if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def field(value: Value, name: str) -> Value:
    """Return a field of an object, None if it has none of this name."""
    return fields(value).get(name)


def number(value: Value, name: str) -> int | None:
    """Return a field that is a whole number, None if it is not."""
    found = field(value, name)
    return found if type(found) is int else None


def length(value: Value) -> int | None:
    """Return how many items a list has, None for anything else."""
    if isinstance(value, list):
        return len(value)
    if isinstance(value, dict) and type(value.get("items")) is int:
        return int(value["items"])
    return None


def items(value: Value) -> list[Value]:
    """Return the items of a list as far as they are kept: first and last ones."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict) and "items" in value:
        return [*value.get("first", []), *value.get("last", [])]
    return []


# In words.


def text(value: Value, characters_max: int = TEXT_CHARS_MAX) -> str:
    """Return a value much as Python would write it, on one line, shortened."""
    return on_one_line(cut(_text(value, 0), characters_max))


def fields_text(value: Value, characters_max: int = TEXT_CHARS_MAX) -> str:
    """Return the fields of an object without its class, any other value as `text` does.

    For a message, whose method names it already.
    """
    if isinstance(value, dict) and isinstance(value.get("fields"), dict):
        return on_one_line(cut(_fields(value["fields"], 0), characters_max))
    return text(value, characters_max)


def brief_fields_text(value: Value) -> str:
    """Return the fields of an object, of long lists only their last item."""
    fields = value.get("fields") if isinstance(value, dict) else None
    if not isinstance(fields, dict):
        return text(value)
    return fields_text(of_object("", {k: _brief(v) for k, v in fields.items()}))


class _Brief(str):
    """Text that stands for a list."""

    def __repr__(self) -> str:
        return str(self)


def _brief(value: Value) -> Value:
    count = length(value)
    if count is None or count <= _LIST_SHOWN:
        return value
    return _Brief(f"[{count} items, last {text(items(value)[-1])}]")


def on_one_line(text: str) -> str:
    """Return clean text without line breaks."""
    return clean(text).replace("\n", " ").replace("\t", " ")


def _text(value: Value, depth: int) -> str:
    if depth > 2 * _DEPTH_MAX:
        return "…"
    if isinstance(value, list):
        return f"[{', '.join(_text(item, depth + 1) for item in value)}]"
    if isinstance(value, dict):
        return _shape(value, depth + 1)
    return repr(value)


def _shape(value: dict[str, Any], depth: int) -> str:
    if "bytes" in value:
        return f"{value['bytes']} bytes"
    if "items" in value:
        first = [_text(item, depth) for item in value.get("first", [])]
        last = [_text(item, depth) for item in value.get("last", [])]
        return f"[{', '.join([*first, '…', *last])}: {value['items']} items]"
    fields = value.get("fields")
    fields = fields if isinstance(fields, dict) else {}
    if value.get("class") == "dict":
        pairs = [f"{_printable(k)}: {_text(v, depth)}" for k, v in fields.items()]
        return f"{{{', '.join(pairs)}}}"
    return f"{_printable(str(value.get('class')))}({_fields(fields, depth)})"


def _printable(name: str) -> str:
    """Return a name; a submission may have put anything in place of one."""
    return name if name.isprintable() else repr(name)[1:-1]


def _fields(fields: dict[str, Any], depth: int) -> str:
    return ", ".join(
        _text(value, depth)
        if name.isdecimal()
        else f"{_printable(name)}={_text(value, depth)}"
        for name, value in fields.items()
    )
