"""A compressed file is read as its content, up to a limit."""

import bz2
import gzip
import io
import lzma

import pytest

from tester.intake import decompressed
from tester.intake.decompressed import Decompressed, TooLong

CONTENT = bytes(range(256)) * 1_000


@pytest.mark.parametrize(
    "compress", [gzip.compress, bz2.compress, lzma.compress, bytes]
)
def test_content_is_read_and_sought_whatever_compressed_it(tmp_path, compress):
    file = tmp_path / "x"
    file.write_bytes(compress(CONTENT))
    with Decompressed(file, len(CONTENT)) as stream:
        assert stream.read(3) == CONTENT[:3]
        assert stream.seek(100_000) == 100_000
        assert stream.read(5) == CONTENT[100_000:100_005]
        assert stream.seek(1) == 1
        assert stream.read(len(CONTENT)) == CONTENT[1:]
        assert stream.tell() == len(CONTENT)


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize(
    "use",
    [
        lambda stream: stream.read(2_000),
        lambda stream: stream.seek(len(CONTENT) - 1),
        # As much as there is, however much that is.
        lambda stream: stream.read(-1),
    ],
)
def test_bytes_beyond_the_limit_are_too_many_also_where_they_are_skipped(
    tmp_path, compress, use
):
    file = tmp_path / "x"
    file.write_bytes(compress(CONTENT))
    with Decompressed(file, 1_000) as stream, pytest.raises(TooLong):
        use(stream)


def test_what_is_kept_as_a_whole_is_short_however_it_is_read(tmp_path, monkeypatch):
    """As newer versions of `tarfile` read a header, piece by piece."""
    monkeypatch.setattr(decompressed, "_READ_BYTES_MAX", 2_000)
    file = tmp_path / "x"
    file.write_bytes(gzip.compress(CONTENT))
    with Decompressed(file, len(CONTENT)) as stream:
        for ask in (stream.tell, lambda: stream.seek(4_000), lambda: None):
            stream.read(1_000)
            stream.read(1_000)
            ask()
        with pytest.raises(TooLong):
            stream.read(1)


def test_what_is_not_compressed_is_as_long_as_it_is(tmp_path):
    file = tmp_path / "x"
    file.write_bytes(CONTENT)
    with Decompressed(file, 10) as stream:
        assert stream.seek(0, io.SEEK_SET) == 0
        assert stream.read(-1) == CONTENT
