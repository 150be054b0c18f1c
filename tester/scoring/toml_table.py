"""Reading TOML files that people write, with file and line in every error.

The tables' shapes are msgspec structs; this module does not know what they mean.
"""

import codecs
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from tester.errors import UsageError
from tester.text import cut, unknown

T = TypeVar("T", bound=msgspec.Struct)

_TYPES = {
    "int": "a whole number",
    "float": "a number",
    "str": 'a text in "quotes"',
    "bool": "true or false",
    "array": "a list in [brackets]",
    "object": "a table",
}
_SHOWN_MAX = 40


@dataclass(frozen=True)
class Table:
    """One table of a file.

    Attributes:
        file: the file's name in messages.
        text: the whole file.
        keys: the path of the table in it.
        values: the content of the table.
    """

    file: str
    text: str
    keys: tuple[str, ...]
    values: dict[str, Any]

    @classmethod
    def of_file(cls, path: Path) -> "Table":
        """Read a file.

        Raises:
            UsageError: it cannot be read, or is not valid TOML.
        """
        try:
            # Windows editors may begin a file with a byte order mark.
            return cls.of_text(path.read_text(encoding="utf-8-sig"), str(path))
        except OSError as exc:
            raise UsageError(f"cannot read {path}: {exc.strerror}") from None
        except UnicodeDecodeError as exc:
            content = path.read_bytes()
            if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                raise UsageError(
                    f"{path}: encoded in UTF-16: save the file in UTF-8"
                ) from None
            line = content[: exc.start].count(b"\n") + 1
            raise UsageError(
                f"{path}, line {line}: not valid UTF-8: save the file in that encoding"
            ) from None

    @classmethod
    def of_text(cls, text: str, file: str) -> "Table":
        """Read the text of a file.

        Raises:
            UsageError: it is not valid TOML.
        """
        try:
            return cls(file, text, (), tomllib.loads(text))
        except tomllib.TOMLDecodeError as exc:
            reason, _, place = str(exc).partition(" (at ")
            at = re.match(r"line (\d+)", place)
            line = int(at[1]) if at else max(1, len(text.splitlines()))
            raise UsageError(f"{file}, line {line}: not valid TOML: {reason}") from None

    @property
    def name(self) -> str:
        """The table's heading."""
        return f"[{'.'.join(self.keys)}]" if self.keys else "the file"

    def table(self, key: str) -> "Table":
        """Return the table under a key, an empty one if the key is missing.

        Raises:
            UsageError: the key holds something else.
        """
        values = self.values.get(key, {})
        if not isinstance(values, dict):
            raise self.refusal(f"`{key}` must be a table, not {_shown(values)}", key)
        return Table(self.file, self.text, (*self.keys, key), values)

    def read(self, kind: type[T]) -> T:
        """Return the table as a struct.

        Raises:
            UsageError: a key is unknown, or a value has the wrong type or range.
        """
        known = [field.name for field in msgspec.structs.fields(kind)]
        for key in self.values:
            self.check_known(key, known, f"{self.name} has no key", key)
        try:
            return msgspec.convert(self.values, kind)
        except msgspec.ValidationError as exc:
            # As in "… - at `$.leave_out[1]`".
            key = re.split(r"\W", str(exc).rpartition("$.")[2])[0]
            raise self._wrong_value(exc, key) from None

    def value(self, key: str, kind: Any) -> Any:
        """Return the value of a key.

        Raises:
            UsageError: it has the wrong type or range.
        """
        try:
            return msgspec.convert(self.values[key], kind)
        except msgspec.ValidationError as exc:
            raise self._wrong_value(exc, key) from None

    def _wrong_value(self, exc: msgspec.ValidationError, key: str) -> UsageError:
        """Return msgspec's error about a value in terms of TOML."""
        wanted = re.sub(r"^Expected |, got .*| - at `.*| \| null", "", str(exc))
        for word, meaning in _TYPES.items():
            wanted = re.sub(rf"\b{word}\b", meaning, wanted)
        wanted = wanted.replace("`", "").replace(" | ", " or ").replace(".0", "")
        must = "must hold only" if str(exc).endswith("]`") else "must be"
        reason = f"`{key}` {must} {wanted}, not {_shown(self.values[key])}"
        return self.refusal(reason, key)

    def check_known(
        self, word: str, known: Iterable[str], reason: str, *keys: str
    ) -> None:
        """Check that a word is one of those known.

        Args:
            word: what the file has.
            known: what it may have.
            reason: the beginning of the message, before the word.
            keys: the path of the word.

        Raises:
            UsageError: the word is not known.
        """
        known = list(known)
        if word not in known:
            raise self.refusal(f"{reason} {unknown(word, known)}", *keys)

    def refusal(self, reason: str, *keys: str) -> UsageError:
        """Return the error with the file, the line of a key, and a reason."""
        line = line_of(self.text, (*self.keys, *keys))
        return UsageError(f"{self.file}, line {line}: {reason}")


def line_of(text: str, keys: tuple[str, ...]) -> int:
    """Return the line of a key in a TOML text, counted from 1.

    If the key is missing, return the line of the innermost table around it, or 1.
    """
    # A text that ends before the key's value is complete is either not valid TOML or
    # lacks the key. So the shortest text that has it ends at its line, in whatever way
    # the key is written.
    lines = text.split("\n")
    deepest, found, start = 0, 1, 1
    for end in range(1, len(lines) + 1):
        try:
            values = tomllib.loads("\n".join(lines[:end]))
        except tomllib.TOMLDecodeError:
            continue
        depth = _depth(values, keys)
        if depth > deepest:
            deepest, found = depth, start
        start = end + 1
    return found


def _depth(values: Any, keys: tuple[str, ...]) -> int:
    """Return how many of the keys, from the outermost on, exist."""
    for depth, key in enumerate(keys):
        if not isinstance(values, dict) or key not in values:
            return depth
        values = values[key]
    return len(keys)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return cut(repr(value), _SHOWN_MAX)
