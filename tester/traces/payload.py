"""The content of an RPC as text, for reading a trace.

`labrpc.box.encoding` writes it with marshal or pickle, neither of which may be loaded
from a stranger's bytes. So this module parses the few kinds of value that the quick
encoding uses, and creates no objects.
"""

import struct
from collections.abc import Callable

from tester.text import cut

TEXT_CHARS_MAX = 200
ITEMS_MAX = 8
_DEPTH_MAX = 30
# Commands are far smaller, and to put a long one together takes the square of its length.
_LONG_DIGITS_MAX = 300
_QUOTES = "'\""
_PICKLE_START = 0x80
_PLAIN = {"N": "None", "T": "True", "F": "False", ".": "..."}


def message_text(data: bytes) -> str:
    """Return a message as Python would write it, cut; else its kind and size."""
    if data[:1] == bytes([_PICKLE_START]):
        return f"a pickle of {len(data)} bytes"
    try:
        text = _Reader(data).value(0)
    except (ValueError, struct.error, IndexError):
        return f"{len(data)} bytes"
    return cut(text, TEXT_CHARS_MAX)


class _Reader:
    """Parses marshal's version 2: a letter for the kind, then the value."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._kinds: dict[str, Callable[[int], str]] = {
            "i": lambda depth: str(self._number("<i")),
            "l": lambda depth: str(self._long()),
            "g": lambda depth: repr(struct.unpack("<d", self._take(8))[0]),
            "s": lambda depth: repr(self._take(self._number("<I"))),
            "u": lambda depth: repr(self._text()),
            "(": self._tuple,
            "[": lambda depth: f"[{self._items(self._number('<I'), depth)}]",
            "{": self._dict,
        }

    def value(self, depth: int) -> str:
        """Return the next value as text."""
        kind = self._take(1).decode("latin-1")
        if kind in _PLAIN:
            return _PLAIN[kind]
        if kind not in self._kinds or depth > _DEPTH_MAX:
            raise ValueError(kind)
        return self._kinds[kind](depth + 1)

    def _take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        if len(taken) < count:
            raise ValueError("the bytes end too early")
        self._at += count
        return taken

    def _number(self, form: str) -> int:
        (number,) = struct.unpack(form, self._take(struct.calcsize(form)))
        return int(number)

    def _long(self) -> int:
        count = self._number("<i")
        if abs(count) > _LONG_DIGITS_MAX:
            raise ValueError("a huge number")
        digits = struct.unpack(f"<{abs(count)}H", self._take(2 * abs(count)))
        size: int = sum(digit << 15 * place for place, digit in enumerate(digits))
        return -size if count < 0 else size

    def _text(self) -> str:
        return self._take(self._number("<I")).decode(errors="surrogatepass")

    def _items(self, count: int, depth: int) -> str:
        items = [self.value(depth) for _ in range(count)]
        more = [f"… {count} in all"] if count > ITEMS_MAX else []
        return ", ".join(items[:ITEMS_MAX] + more)

    def _tuple(self, depth: int) -> str:
        count = self._number("<I")
        if count > 1 and self._data[self._at : self._at + 1] == b".":
            return self._object(count, depth)
        comma = "," if count == 1 else ""
        return f"({self._items(count, depth)}{comma})"

    def _object(self, count: int, depth: int) -> str:
        """Return an object, which was written as a tuple of `...`, class and fields."""
        self._take(1)
        if self._take(1) != b"u":
            raise ValueError("no class")
        # A submission may have put anything in place of a class's name.
        name = repr(self._text().rpartition(":")[2])[1:-1]
        if count == 3 and self._data[self._at : self._at + 1] == b"{":
            self._take(1)
            fields = [
                f"{key.strip(_QUOTES)}={value}" for key, value in self._pairs(depth)
            ]
            return f"{name}({', '.join(fields)})"
        return f"{name}({self._items(count - 2, depth)})"

    def _dict(self, depth: int) -> str:
        pairs = [f"{key}: {value}" for key, value in self._pairs(depth)]
        return f"{{{', '.join(pairs)}}}"

    def _pairs(self, depth: int) -> list[tuple[str, str]]:
        pairs = []
        while self._data[self._at : self._at + 1] != b"0":
            pairs.append((self.value(depth), self.value(depth)))
        self._take(1)
        return pairs
