"""A gzip, bzip2, xz or plain file, read up to a byte limit.

A few kilobytes may hold many gigabytes. The limit counts skipped bytes as well, since a
reader of archives has to decompress what it skips.
"""

import bz2
import gzip
import io
import lzma
from collections.abc import Callable
from pathlib import Path

# The first bytes of compressed files.
_OPENERS: dict[bytes, Callable[[Path], io.BufferedIOBase]] = {
    b"\x1f\x8b": gzip.GzipFile,
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\x00": lzma.LZMAFile,
}
_BEGINNING_BYTES = max(map(len, _OPENERS))
_CHUNK_BYTES = 1 << 16
# A tar header may have an extension, which `tarfile` keeps as a whole, whether it reads
# it at once or piece by piece.
_READ_BYTES_MAX = 16 << 20


class TooLong(Exception):
    """The file holds more bytes than the limit allows."""


class Decompressed(io.BufferedIOBase):
    """The decompressed content of a file, as a stream.

    Args:
        file: compressed by gzip, bzip2 or xz, or not at all.
        bytes_max: the limit, beyond which reading raises TooLong.
    """

    def __init__(self, file: Path, bytes_max: int) -> None:
        with file.open("rb") as opened:
            beginning = opened.read(_BEGINNING_BYTES)
        found = [_OPENERS[magic] for magic in _OPENERS if beginning.startswith(magic)]
        self._is_compressed = bool(found)
        self._stream = found[0](file) if found else file.open("rb")
        self._bytes_max = bytes_max
        self._bytes_in_a_row = 0

    def close(self) -> None:
        """Close the file."""
        self._stream.close()
        super().close()

    def read(self, size: int | None = _READ_BYTES_MAX, /) -> bytes:
        """Return the next bytes; a reader may take 16 MB in a row."""
        if not self._is_compressed:
            return self._stream.read(size)
        if size is None or not 0 <= size <= _READ_BYTES_MAX - self._bytes_in_a_row:
            raise TooLong
        self._bytes_in_a_row += size
        data = self._stream.read(size)
        if self._stream.tell() > self._bytes_max:
            raise TooLong
        return data

    def tell(self) -> int:
        """Return the position in the decompressed content, where a new row begins.

        `tarfile` asks for it at each header, and seeks before it reads a file's content.
        """
        self._bytes_in_a_row = 0
        return self._stream.tell()

    def seek(self, position: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to a position; bytes on the way there count against the limit."""
        assert whence == io.SEEK_SET
        self._bytes_in_a_row = 0
        if not self._is_compressed or position < self.tell():
            return self._stream.seek(position)
        while (left := position - self.tell()) and self.read(min(left, _CHUNK_BYTES)):
            pass
        return self.tell()
