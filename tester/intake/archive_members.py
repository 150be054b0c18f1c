"""The members of zips and tars, alike for both."""

import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from tester.codes import ENCRYPTED_ARCHIVE, UNUSUAL_COMPRESSION
from tester.intake.decompressed import Decompressed
from tester.intake.refusals import RefusedArchive

# The flag of a file in a zip that takes a password.
_ENCRYPTED = 0x1
# The flag of a name in a zip that is UTF-8; others are in the letters of MS-DOS.
_UTF8 = 0x800


@dataclass(frozen=True)
class Member:
    """A member of an archive: its name, its claimed size, and how to read it.

    `open` is None for links, devices and folders.
    """

    name: str
    size_bytes: int = 0
    open: Callable[[], IO[bytes] | None] | None = None
    is_folder: bool = False


@contextmanager
def open_archive(archive: Path, bytes_max: int) -> Iterator[Iterator[Member]]:
    """Yield the members of an archive, in its order.

    Args:
        archive: a zip or a tar, as its name says.
        bytes_max: how much of a compressed tar may be decompressed.

    Raises:
        RefusedArchive: a member of a zip cannot be read.
        TooLong: more would have to be decompressed.
        Exception: whatever `zipfile` and `tarfile` raise for a damaged archive.
    """
    if archive.name.lower().endswith(".zip"):
        with zipfile.ZipFile(archive) as opened:
            yield _zip_members(opened)
    else:
        with (
            Decompressed(archive, bytes_max) as stream,
            tarfile.open(fileobj=stream, mode="r:") as opened_tar,
        ):
            yield _tar_members(opened_tar)


def _zip_members(opened: zipfile.ZipFile) -> Iterator[Member]:
    for info in opened.infolist():
        name = _zipped_name(info)
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            yield Member(name)
        elif info.filename.endswith("/"):
            yield Member(name, is_folder=True)
        else:
            read = partial(_open_zipped, opened, info)
            yield Member(name, info.file_size, read)


def _zipped_name(info: zipfile.ZipInfo) -> str:
    """Return a name in a zip, also where macOS wrote UTF-8 and did not say so."""
    if info.flag_bits & _UTF8:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def _open_zipped(opened: zipfile.ZipFile, info: zipfile.ZipInfo) -> IO[bytes]:
    """Open a file in a zip, unless reading it could fill the memory at once.

    With other compressions than deflate, `zipfile` decompresses all that it has read
    in one go, and a few kilobytes may become gigabytes.
    """
    if info.flag_bits & _ENCRYPTED:
        raise RefusedArchive(
            ENCRYPTED_ARCHIVE, "it is encrypted: hand in a .zip without a password"
        )
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise RefusedArchive(
            UNUSUAL_COMPRESSION,
            "it is compressed in an unusual way: hand in an ordinary .zip",
        )
    return opened.open(info)


def _tar_members(opened: tarfile.TarFile) -> Iterator[Member]:
    for info in opened:
        # `tarfile` keeps them all, and a compressed archive may have very many.
        info.pax_headers = {}
        if info.isfile():
            read = partial(opened.extractfile, info)
            yield Member(info.name, info.size, read)
        else:
            yield Member(info.name, is_folder=info.isdir())
