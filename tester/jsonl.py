"""Append-only files of JSON, a record a line, read back up to a torn line.

A process may be killed, and a machine may lose its power, in the middle of a line. So
a line counts only if it is whole, that is, if it ends in a line break and decodes; what
follows one that is not is lost.
"""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from tester.text import encodable

T = TypeVar("T")

_encode = msgspec.json.Encoder().encode


def encode(record: Any) -> bytes:
    """Return JSON; what JSON cannot hold, such as half a character, is escaped."""
    try:
        return _encode(record)
    except (OverflowError, UnicodeEncodeError, TypeError):
        if isinstance(record, msgspec.Struct):
            record = msgspec.to_builtins(record)
        return _encode(encodable(record))


def decode(line: bytes, kind: type[T]) -> T | None:
    """Return the record in a line, None if the line is torn or holds another kind."""
    if not line.endswith(b"\n"):
        return None
    try:
        return msgspec.json.decode(line, type=kind)
    except msgspec.DecodeError:
        return None


def records(lines: Iterable[bytes], kind: type[T]) -> Iterator[T]:
    """Yield the records of lines, up to the first line that is torn."""
    for line in lines:
        record = decode(line, kind)
        if record is None:
            return
        yield record


@dataclass
class Contents(Generic[T]):
    """What a file holds.

    Attributes:
        size_bytes: the length of the whole lines: where to go on writing.
    """

    records: list[T] = field(default_factory=list)
    size_bytes: int = 0


def read(file: Path, kind: type[T]) -> Contents[T]:
    """Return the records of a file, up to the first line that is torn.

    Raises:
        OSError: it cannot be read.
    """
    contents = Contents[T]()
    with file.open("rb") as lines:
        for line in lines:
            record = decode(line, kind)
            if record is None:
                break
            contents.records.append(record)
            contents.size_bytes += len(line)
    return contents


class Appender:
    """Writes records to the end of a file or of a pipe.

    Each record is handed to the system at once, so it outlives this process; what has
    been synced outlives the machine.

    Args:
        fd: the number of the open file.
    """

    def __init__(self, fd: int) -> None:
        self.fd = fd

    @classmethod
    def open(cls, file: Path, keep: bool = True) -> "Appender":
        """Open a file, which is made if there is none, and so is its folder.

        Args:
            file: where to write.
            keep: whether to keep what is in it.

        Raises:
            OSError: it cannot be written.
        """
        file.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | (0 if keep else os.O_TRUNC)
        flags |= getattr(os, "O_BINARY", 0)  # Windows would write other line breaks.
        return cls(os.open(file, flags, 0o666))

    def append(self, record: Any) -> int:
        """Write a record, and return its size in bytes.

        Raises:
            OSError: nobody reads the pipe any more, or the disk is full.
        """
        line = encode(record) + b"\n"
        self.write(line)
        return len(line)

    def write(self, lines: bytes) -> None:
        """Write encoded records, each with its line break.

        Raises:
            OSError: nobody reads the pipe any more, or the disk is full.
        """
        while lines:
            lines = lines[os.write(self.fd, lines) :]

    def truncate(self, size_bytes: int) -> None:
        """Drop what lies beyond `size_bytes`, such as a torn line."""
        os.ftruncate(self.fd, size_bytes)

    def sync(self) -> None:
        """Wait until the disk itself has all that was written."""
        os.fsync(self.fd)

    def close(self) -> None:
        """Close the file."""
        os.close(self.fd)
