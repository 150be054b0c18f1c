"""Unpacking a student's archive: whole and within bounds, or refused with a reason.

An archive is a stranger's: its names may lead out of the folder, its links
anywhere, and a few kilobytes of it may hold gigabytes. Everything is looked
at before anything is written, and the bytes are counted while they are.
"""

import lzma
import re
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from labrpc.submission.source_tree import MADE_BY_TOOLS, environments, is_installed
from tester.codes import (
    DAMAGED_ARCHIVE,
    EMPTY_ARCHIVE,
    ENCRYPTED_ARCHIVE,
    PATH_LEADS_OUT,
    UNUSUAL_COMPRESSION,
    UPLOAD_TOO_LARGE,
)
from tester.errors import is_disk_trouble
from tester.intake.decompressed import Decompressed, TooLong
from tester.intake.refusals import Refused
from tester.text import readable_name

SUFFIXES = (
    ".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tbz", ".tar.xz", ".txz"
)  # fmt: skip
# Archives, too, or compressed files: who hands in such a one has handed in something.
UNREAD_SUFFIXES = (
    ".7z", ".rar", ".tar.zst", ".tar.lz", ".tar.lzma", ".tar.z", ".zipx",
    ".gz", ".bz2", ".xz",
)  # fmt: skip
# What operating systems add to every archive, and nobody hands in.
STRAY = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")
# What does not count may be a lot, but is looked at: whose names are read, and what a
# compressed tar takes up before the last of its files.
_FILES_BESIDE_MAX = 200_000
_BYTES_BESIDE_MAX = 1 << 30
_CHUNK_BYTES = 1 << 16
# As Windows names the root of a disk.
_DRIVE = re.compile(r"[A-Za-z]:")
# As a zip marks a file that takes a password.
_ENCRYPTED = 0x1
# What the two formats raise for bytes that are no archive, or not all of one.
_BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    LookupError,  # As `zipfile` does where a name is empty.
    MemoryError,  # What it takes to decompress it is up to the file.
    OSError,
    NotImplementedError,  # A way of compressing that Python does not know.
    ValueError,
)


class RefusedArchive(Refused):
    """An archive is not unpacked; the message says why."""


@dataclass(frozen=True)
class Bounds:
    """How much may come out of an archive."""

    files: int
    bytes: int


ONE_SUBMISSION = Bounds(5_000, 64 << 20)
WHOLE_CLASS = Bounds(200_000, 8 << 30)


@dataclass(frozen=True)
class _Member:
    """A file in an archive: its name, its claimed size, and how to read it.

    A link, a device or a folder has no way of reading it.
    """

    name: str
    size_bytes: int = 0
    open: Callable[[], IO[bytes] | None] | None = None
    is_folder: bool = False


def is_archive(path: Path) -> bool:
    """Return whether a file's name is that of an archive."""
    return path.is_file() and is_archive_name(path.name)


def is_archive_name(name: str) -> bool:
    """Return whether a name is that of an archive."""
    return name.lower().endswith(SUFFIXES)


def unread_suffix(name: str) -> str:
    """Return what says that a name is that of an archive nobody reads here, or ""."""
    found = (suffix for suffix in UNREAD_SUFFIXES if name.lower().endswith(suffix))
    return "" if is_archive_name(name) else next(found, "")


def archive_stem(path: Path) -> str:
    """Return an archive's name without what says that it is one."""
    lower = path.name.lower()
    suffixes = [s for s in SUFFIXES + UNREAD_SUFFIXES if lower.endswith(s)]
    return path.name[: -max(map(len, suffixes))]


def unpack(
    archive: Path, directory: Path, bounds: Bounds = ONE_SUBMISSION
) -> list[Path]:
    """Unpack an archive into `directory`, in place of what is there.

    Of a whole class, empty folders, too: each may be what a student has handed in.

    Returns:
        where the links and devices would lie that were left out.

    Raises:
        RefusedArchive: it cannot be read, or is not what a submission needs;
            then nothing of it is left.
        OSError: the machine's disk is full, or broken.
    """
    shutil.rmtree(directory, ignore_errors=True)
    try:
        with _opened(archive, bounds) as members:
            checked = _checked(members, bounds)
            folders = [m.name for m in checked if m.is_folder]
            checked = [m for m in checked if not m.is_folder]
            if not checked:
                raise RefusedArchive(EMPTY_ARCHIVE, "there is no file in it")
            _write([m for m in checked if m.open], directory, bounds)
            for name in folders if bounds == WHOLE_CLASS else ():
                (directory / name).mkdir(parents=True, exist_ok=True)
            return [directory / m.name for m in checked if not m.open]
    except (RefusedArchive, OSError):
        shutil.rmtree(directory, ignore_errors=True)
        raise


def names(archive: Path) -> list[PurePosixPath]:
    """Return the files that an archive holds.

    Raises:
        RefusedArchive: as for `unpack`.
    """
    with _opened(archive, WHOLE_CLASS) as members:
        checked = _checked(members, WHOLE_CLASS)
        return [PurePosixPath(m.name) for m in checked if m.open]


@contextmanager
def _opened(archive: Path, bounds: Bounds) -> Iterator[Iterator[_Member]]:
    """Yield what an archive holds; whatever is wrong with it is a RefusedArchive.

    What is wrong with the machine's disk is not.
    """
    try:
        with _members(archive, bounds.bytes + _BYTES_BESIDE_MAX) as members:
            yield members
    except TooLong:
        raise RefusedArchive(UPLOAD_TOO_LARGE, _too_large(bounds)) from None
    except _BROKEN as exc:
        if is_disk_trouble(exc):
            raise
        raise RefusedArchive(
            DAMAGED_ARCHIVE,
            f"it cannot be unpacked: {str(exc) or type(exc).__name__}; it may be "
            "damaged, or not the archive that its name says",
        ) from None


@contextmanager
def _members(archive: Path, bytes_max: int) -> Iterator[Iterator[_Member]]:
    if archive.name.lower().endswith(".zip"):
        with zipfile.ZipFile(archive) as opened:
            yield _zip_members(opened)
    else:
        with (
            Decompressed(archive, bytes_max) as stream,
            tarfile.open(fileobj=stream, mode="r:") as opened_tar,
        ):
            yield _tar_members(opened_tar)


def _zip_members(opened: zipfile.ZipFile) -> Iterator[_Member]:
    for info in opened.infolist():
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            yield _Member(info.filename)
        elif info.is_dir():
            yield _Member(info.filename, is_folder=True)
        else:
            read = partial(_open_zipped, opened, info)
            yield _Member(info.filename, info.file_size, read)


def _open_zipped(opened: zipfile.ZipFile, info: zipfile.ZipInfo) -> IO[bytes]:
    """Open a file in a zip, unless nobody knows how much it comes to at a time.

    Of the other ways to compress, `zipfile` decompresses all that it has read at once,
    and a few kilobytes may fill the memory.
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


def _tar_members(opened: tarfile.TarFile) -> Iterator[_Member]:
    for info in opened:
        if info.isfile():
            read = partial(opened.extractfile, info)
            yield _Member(info.name, info.size, read)
        else:
            yield _Member(info.name, is_folder=info.isdir())


def _checked(members: Iterator[_Member], bounds: Bounds) -> list[_Member]:
    """Return the members under the names they get, all of which may be written."""
    named = _named(members, bounds.files + _FILES_BESIDE_MAX)
    installed_in = environments(named)
    checked = [
        member for path, member in named.items() if not is_installed(path, installed_in)
    ]
    if sum(not member.is_folder for member in checked) > bounds.files:
        raise RefusedArchive(
            UPLOAD_TOO_LARGE, f"it holds more than {bounds.files} files"
        )
    if sum(member.size_bytes for member in checked) > bounds.bytes:
        raise RefusedArchive(UPLOAD_TOO_LARGE, _too_large(bounds))
    return checked


def _named(members: Iterator[_Member], files_max: int) -> dict[PurePosixPath, _Member]:
    """Return the members by the names they get, in the order in which they lie there."""
    named: dict[PurePosixPath, _Member] = {}
    for count, member in enumerate(members):
        if count >= files_max:
            raise RefusedArchive(
                UPLOAD_TOO_LARGE, f"it holds more than {files_max} files"
            )
        # Some Windows programs write their own separator, against the format.
        name = readable_name(member.name).replace("\\", "/")
        path = PurePosixPath(name)
        if (
            path.is_absolute()
            or _DRIVE.match(name)
            or ".." in path.parts
            or "\0" in name
        ):
            raise RefusedArchive(
                PATH_LEADS_OUT,
                f"{name!r} in it leads out of the folder it is unpacked to",
            )
        # A folder, as such a program writes it.
        is_folder = member.is_folder or name.endswith("/")
        folders = path.parts if is_folder else path.parts[:-1]
        if any(part.startswith(".") or part in MADE_BY_TOOLS for part in folders):
            continue
        named.pop(path, None)
        named[path] = replace(member, name=name, is_folder=is_folder)
    return named


def _too_large(bounds: Bounds) -> str:
    return f"unpacked, it takes more than {bounds.bytes >> 20} MB"


def _write(members: list[_Member], directory: Path, bounds: Bounds) -> None:
    """Write the files, and count: what an archive says of its sizes may be untrue."""
    directory.mkdir(parents=True)
    left_bytes = bounds.bytes
    for member in members:
        file = directory / member.name
        file.parent.mkdir(parents=True, exist_ok=True)
        source = member.open() if member.open else None
        assert source is not None
        with source, file.open("wb") as out:
            while chunk := source.read(_CHUNK_BYTES):
                left_bytes -= len(chunk)
                if left_bytes < 0:
                    raise RefusedArchive(UPLOAD_TOO_LARGE, _too_large(bounds))
                out.write(chunk)
