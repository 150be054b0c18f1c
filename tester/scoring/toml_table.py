"""TOML files that people write: what is wrong in one is refused with file and line.

Knows nothing of what the files are about: the tables' shapes are msgspec structs.
"""

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
        file: what messages call the file.
        text: the whole file.
        keys: where the table stands in it.
        values: what the table holds.
    """

    file: str
    text: str
    keys: tuple[str, ...]
    values: dict[str, Any]

    @classmethod
    def of_file(cls, path: Path) -> "Table":
        """Read a file.

        Raises:
            UsageError: it cannot be read, or is no TOML.
        """
        try:
            return cls.of_text(path.read_text(encoding="utf-8"), str(path))
        except OSError as exc:
            raise UsageError(f"cannot read {path}: {exc.strerror}") from None
        except UnicodeDecodeError as exc:
            line = path.read_bytes()[: exc.start].count(b"\n") + 1
            raise UsageError(
                f"{path}, line {line}: is not UTF-8: save the file in that encoding"
            ) from None

    @classmethod
    def of_text(cls, text: str, file: str) -> "Table":
        """Read the text of a file.

        Raises:
            UsageError: it is no TOML.
        """
        try:
            return cls(file, text, (), tomllib.loads(text))
        except tomllib.TOMLDecodeError as exc:
            reason, _, place = str(exc).partition(" (at ")
            at = re.match(r"line (\d+)", place)
            line = int(at[1]) if at else max(1, len(text.splitlines()))
            raise UsageError(f"{file}, line {line}: is no TOML: {reason}") from None

    @property
    def name(self) -> str:
        """The table's heading."""
        return f"[{'.'.join(self.keys)}]" if self.keys else "the file"

    def table(self, key: str) -> "Table":
        """Return the table that a key holds, an empty one if there is none.

        Raises:
            UsageError: it holds something else.
        """
        values = self.values.get(key, {})
        if not isinstance(values, dict):
            raise self.refusal(f"`{key}` must be a table, not {_shown(values)}", key)
        return Table(self.file, self.text, (*self.keys, key), values)

    def read(self, kind: type[T]) -> T:
        """Return the table as a struct.

        Raises:
            UsageError: a key is unknown, or a value is not what it must be.
        """
        known = [field.name for field in msgspec.structs.fields(kind)]
        for key in self.values:
            self.check_known(key, known, f"{self.name} has no key", key)
        try:
            return msgspec.convert(self.values, kind)
        except msgspec.ValidationError as exc:
            # As in "… - at `$.leave_out[1]`".
            key = re.split(r"\W", str(exc).rpartition("$.")[2])[0]
            raise self._misfit(exc, key) from None

    def value(self, key: str, kind: Any) -> Any:
        """Return the value of a key.

        Raises:
            UsageError: it is not what it must be.
        """
        try:
            return msgspec.convert(self.values[key], kind)
        except msgspec.ValidationError as exc:
            raise self._misfit(exc, key) from None

    def _misfit(self, exc: msgspec.ValidationError, key: str) -> UsageError:
        """Return msgspec's complaint about a value in the words of this file."""
        wanted = re.sub(r"^Expected |, got .*| - at `.*| \| null", "", str(exc))
        for word, meaning in _TYPES.items():
            wanted = re.sub(rf"\b{word}\b", meaning, wanted)
        wanted = wanted.replace("`", "").replace(" | ", " or ").replace(".0", "")
        must = "must hold nothing but" if str(exc).endswith("]`") else "must be"
        reason = f"`{key}` {must} {wanted}, not {_shown(self.values[key])}"
        return self.refusal(reason, key)

    def check_known(
        self, word: str, known: Iterable[str], reason: str, *keys: str
    ) -> None:
        """Check that a word is one of those known.

        Args:
            reason: what to say before the word and the known ones, if it is not.
            keys: lead to where the word stands.

        Raises:
            UsageError: it is not.
        """
        known = list(known)
        if word not in known:
            raise self.refusal(f"{reason} {unknown(word, known)}", *keys)

    def refusal(self, reason: str, *keys: str) -> UsageError:
        """Return the error that names the file, the line of a key, and a reason."""
        line = line_of(self.text, (*self.keys, *keys))
        return UsageError(f"{self.file}, line {line}: {reason}")


def line_of(text: str, keys: tuple[str, ...]) -> int:
    """Return the line on which a key of a TOML text is written, from 1 on.

    If it is not, that of the innermost table around it that is, or 1.
    """
    # A text that ends before a key's value is whole is either no TOML or lacks the
    # key: so this finds it in whatever way it is written.
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
    """Return how many of the keys, from the outermost on, lead somewhere."""
    for depth, key in enumerate(keys):
        if not isinstance(values, dict) or key not in values:
            return depth
        values = values[key]
    return len(keys)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return cut(repr(value), _SHOWN_MAX)
