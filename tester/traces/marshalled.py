"""Reading a message that the encoding wrote with marshal, without loading it.

`labrpc.box.encoding` uses a few of marshal's kinds of value. Bytes that a stranger made
must not be given to `marshal.loads`, so this reads those few kinds, and nothing else.
"""

import re
import struct
from collections.abc import Mapping, Sequence
from functools import lru_cache

from tester.traces import values
from tester.traces.values import Value

FieldNames = Mapping[str, Sequence[str]]
"""The names of the fields of each class, by "module:class"."""

_DEPTH_MAX = 30
# Commands are far smaller, and to put a long one together takes the square of its length.
_LONG_DIGITS_MAX = 300
# Longer tuples are not entries of a log.
_FLAT_MAX = 4
_SKIPPED_TOGETHER = (50, 1)
_INT, _LONG, _FLOAT, _BYTES, _TEXT = map(ord, "ilgsu")
_TUPLE, _LIST, _DICT, _END_OF_DICT, _ELLIPSIS = map(ord, "([{0.")
_PLAIN: dict[int, Value] = {
    ord("N"): None,
    ord("T"): True,
    ord("F"): False,
    _ELLIPSIS: "...",
}
_unpack_int = struct.Struct("<i").unpack_from
_unpack_count = struct.Struct("<I").unpack_from


def read_marshalled(data: bytes, field_names: FieldNames) -> Value:
    """Return what a message holds.

    Raises:
        ValueError: it is nothing that the encoding writes.
    """
    try:
        return _Reader(data, field_names).value(0)
    except (struct.error, IndexError, UnicodeDecodeError) as exc:
        raise ValueError(str(exc)) from None


class _Reader:
    """Reads marshal's version 2: a letter for the kind, then the value.

    A message may hold hundreds of entries, so the common kinds are read in one place.
    """

    def __init__(self, data: bytes, field_names: FieldNames) -> None:
        self._data = data
        self._at = 0
        self._field_names = field_names

    def value(self, depth: int) -> Value:
        """Return the value that comes next."""
        kind = self._data[self._at]
        self._at += 1
        if kind == _INT:
            (whole,) = _unpack_int(self._data, self._at)
            self._at += 4
            return whole
        if kind in _PLAIN:
            return _PLAIN[kind]
        if depth > _DEPTH_MAX:
            raise ValueError("nested too deeply")
        if kind == _TUPLE:
            return self._tuple(depth + 1)
        if kind == _LIST:
            return self._items(self._count(), depth + 1)
        if kind == _TEXT:
            return values.of_text(self._text())
        if kind == _BYTES:
            return values.of_bytes(len(self._take(self._count())))
        if kind == _DICT:
            return values.of_object("dict", self._pairs(depth + 1))
        if kind == _FLOAT:
            return struct.unpack("<d", self._take(8))[0]
        if kind == _LONG:
            return values.of_int(self._long())
        raise ValueError(kind)

    def _take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        if len(taken) < count:
            raise ValueError("the end")
        self._at += count
        return taken

    def _count(self) -> int:
        (count,) = _unpack_count(self._data, self._at)
        self._at += 4
        return int(count)

    def _long(self) -> int:
        (count,) = struct.unpack("<i", self._take(4))
        if abs(count) > _LONG_DIGITS_MAX:
            raise ValueError("a huge number")
        digits = struct.unpack(f"<{abs(count)}H", self._take(2 * abs(count)))
        size: int = sum(digit << 15 * place for place, digit in enumerate(digits))
        return -size if count < 0 else size

    def _text(self) -> str:
        return self._take(self._count()).decode(errors="surrogatepass")

    def _items(self, count: int, depth: int) -> Value:
        if count <= values.ITEMS_MAX:
            return self._several(count, depth)
        first = self._several(values.FIRST, depth)
        self._skip(count - values.FIRST - values.LAST, depth)
        last = self._several(values.LAST, depth)
        return values.of_long_list(count, first, last)

    def _several(self, count: int, depth: int) -> list[Value]:
        """Return the values that come next; most are numbers or constants."""
        data = self._data
        found = []
        for _ in range(count):
            kind = data[self._at]
            if kind == _INT:
                found.append(_unpack_int(data, self._at + 1)[0])
                self._at += 5
            elif kind in _PLAIN:
                found.append(_PLAIN[kind])
                self._at += 1
            else:
                found.append(self.value(depth))
        return found

    def _skip(self, count: int, depth: int) -> None:
        """Skip items: quickly, as long as they are tuples of numbers, as entries are."""
        length = self._data[self._at + 1 : self._at + 5]
        for together in _SKIPPED_TOGETHER:
            entries = _flat_tuples(length, together)
            while count >= together and (found := entries.match(self._data, self._at)):
                self._at = found.end()
                count -= together
        for _ in range(count):
            self.value(depth)

    def _tuple(self, depth: int) -> Value:
        count = self._count()
        if count > 1 and self._data[self._at] == _ELLIPSIS:
            return self._object(count, depth)
        return self._items(count, depth)

    def _object(self, count: int, depth: int) -> Value:
        """Return an object, which is a tuple of `...`, its class and its fields."""
        if self._data[self._at + 1] != _TEXT:
            raise ValueError("no class")
        self._at += 2
        known_as = self._text()
        name = known_as.rpartition(":")[2]
        if count == 3 and self._data[self._at : self._at + 1] == b"{":
            self._at += 1
            return values.of_object(name, self._pairs(depth))
        found = self._several(count - 2, depth)
        return values.of_object(name, named(found, self._field_names.get(known_as)))

    def _pairs(self, depth: int) -> dict[str, Value]:
        pairs = {}
        while self._data[self._at] != _END_OF_DICT:
            key = self.value(depth)
            pairs[values.key_text(key)] = self.value(depth)
        self._at += 1
        return pairs


@lru_cache(16)
def _flat_tuples(length: bytes, together: int) -> re.Pattern[bytes]:
    """Return a pattern of tuples that hold as many numbers and constants each.

    Args:
        length: as marshal writes it, in four bytes.
        together: how many tuples.
    """
    (count,) = struct.unpack("<I", length) if len(length) == 4 else (0,)
    item = b"(?:i.{4}|[NTF]|g.{8})"
    if not 0 < count <= _FLAT_MAX:
        return re.compile(b"(?!)")
    entry = rb"\(" + re.escape(length) + item + b"{%d}" % count
    return re.compile(b"(?:%s){%d}" % (entry, together), re.DOTALL)


def named(found: Sequence[Value], names: Sequence[str] | None) -> dict[str, Value]:
    """Return the values of a class's fields by name, by place if names do not fit."""
    if names is None or len(names) != len(found):
        return {str(place): value for place, value in enumerate(found)}
    return dict(zip(names, found, strict=True))
