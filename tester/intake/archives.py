"""Unpacking archives: whole and within bounds, or refused with a reason.

An archive comes from a stranger: its names may lead out of the folder, its links
anywhere, and a few kilobytes of it may hold gigabytes. This module checks all members
before it writes any, and counts the bytes while it writes them.
"""

import lzma
import re
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path, PurePosixPath

from labrpc.submission.source_tree import (
    DEPTH_MAX,
    MADE_BY_TOOLS,
    environments,
    is_installed,
)
from tester.codes import (
    DAMAGED_ARCHIVE,
    EMPTY_ARCHIVE,
    NO_PROGRAM,
    PATH_LEADS_OUT,
    UPLOAD_TOO_LARGE,
)
from tester.errors import is_disk_trouble
from tester.intake.archive_members import Member, open_archive
from tester.intake.decompressed import TooLong
from tester.intake.file_names import fitting_name, is_large, is_source
from tester.intake.refusals import RefusedArchive
from tester.text import listed, readable_name

# Members that do not count against the bounds, such as those of `.git`, are still read:
# their names, and in a compressed tar their content, too.
_FILES_BESIDE_MAX = 200_000
_BYTES_BESIDE_MAX = 1 << 30
_CHUNK_BYTES = 1 << 16
# Below the results, a path in an archive must leave room for theirs.
_PATH_BYTES_MAX = 2_000
# The name of a disk in Windows.
_DRIVE = re.compile(r"[A-Za-z]:")
# What the two formats raise for bytes that are not a whole archive.
_BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    MemoryError,  # The file decides how much its decompression takes.
    OSError,
    NotImplementedError,  # A compression that Python does not know.
    ValueError,
)


@dataclass(frozen=True)
class Bounds:
    """The most that an archive may hold."""

    files: int
    bytes: int


ONE_SUBMISSION = Bounds(5_000, 64 << 20)
WHOLE_CLASS = Bounds(200_000, 8 << 30)


@dataclass(frozen=True)
class LeftOut:
    """What was not unpacked.

    Attributes:
        links: the paths that links and devices would have had.
        beside: the files that are no source, with their sizes in bytes: those that are
            large, or all if there would be too many.
    """

    links: list[Path]
    beside: dict[str, int]


def unpack(archive: Path, directory: Path, bounds: Bounds = ONE_SUBMISSION) -> LeftOut:
    """Unpack an archive into `directory`, in place of what is there.

    Links and devices are left out. So are files that are no source if they are large,
    or if the archive would exceed the bounds with them. Folders in which nothing remains
    are made only for a whole class, where each may be what a student handed in.

    Raises:
        RefusedArchive: it cannot be read, or exceeds the bounds, or leads out of the
            folder; then nothing of it remains.
        OSError: the machine's disk is full, or broken.
    """
    shutil.rmtree(directory, ignore_errors=True)
    if not archive.is_file():  # To open a pipe, for one, would take for ever.
        raise RefusedArchive(DAMAGED_ARCHIVE, "it is no regular file")
    try:
        with _opened(archive, bounds) as members:
            checked, beside = _checked(members, bounds)
            folders = [m.name for m in checked if m.is_folder]
            checked = [m for m in checked if not m.is_folder]
            if not checked and beside:
                raise RefusedArchive(
                    NO_PROGRAM,
                    f"there is no Python file in it, but {listed([*beside])}",
                )
            if not checked:
                raise RefusedArchive(EMPTY_ARCHIVE, "there is no file in it")
            _write([m for m in checked if m.open], directory, bounds)
            links = [directory / m.name for m in checked if not m.open]
            if bounds == WHOLE_CLASS:
                around = [
                    path.parent for path in (*links, *map(directory.joinpath, beside))
                ]
                for folder in (*map(directory.joinpath, folders), *around):
                    folder.mkdir(parents=True, exist_ok=True)
            return LeftOut(links, beside)
    except (RefusedArchive, OSError):
        shutil.rmtree(directory, ignore_errors=True)
        raise


def names_in(archive: Path) -> list[PurePosixPath]:
    """Return the names of the files in an archive.

    Raises:
        RefusedArchive: as for `unpack`.
    """
    with _opened(archive, WHOLE_CLASS) as members:
        checked, _ = _checked(members, WHOLE_CLASS)
        return [PurePosixPath(m.name) for m in checked if m.open]


@contextmanager
def _opened(archive: Path, bounds: Bounds) -> Iterator[Iterator[Member]]:
    """Yield the members of an archive; whatever is wrong with it is a RefusedArchive.

    Trouble with the machine's disk remains an OSError.
    """
    try:
        with open_archive(archive, bounds.bytes + _BYTES_BESIDE_MAX) as members:
            yield members
    except TooLong:
        raise RefusedArchive(UPLOAD_TOO_LARGE, _too_large(bounds)) from None
    except _BROKEN as exc:
        if is_disk_trouble(exc):
            raise
        # The path that an OSError names is one of this machine.
        why = exc.strerror if isinstance(exc, OSError) else str(exc)
        raise RefusedArchive(
            DAMAGED_ARCHIVE,
            f"it cannot be unpacked: {why or type(exc).__name__}; it may be "
            "damaged, or not the archive that its name says",
        ) from None


def _checked(
    members: Iterator[Member], bounds: Bounds
) -> tuple[list[Member], dict[str, int]]:
    """Return the members that count, and the files beside them that do not.

    All that count may be written under their names.
    """
    named = _named(members, bounds.files + _FILES_BESIDE_MAX)
    installed_in = environments(named)
    checked = [
        member for path, member in named.items() if not is_installed(path, installed_in)
    ]
    beside = _sizes(m for m in checked if is_large(m.name, m.size_bytes))
    if _excess([m for m in checked if m.name not in beside], bounds):
        beside = _sizes(m for m in checked if not is_source(m.name))
    checked = [member for member in checked if member.name not in beside]
    if excess := _excess(checked, bounds):
        raise RefusedArchive(UPLOAD_TOO_LARGE, excess)
    return checked, beside


def _sizes(members: Iterable[Member]) -> dict[str, int]:
    """Return the sizes of files by name, without links and folders."""
    return {member.name: member.size_bytes for member in members if member.open}


def _excess(members: list[Member], bounds: Bounds) -> str:
    """Return how members exceed the bounds, "" if they do not."""
    if sum(not member.is_folder for member in members) > bounds.files:
        return f"it holds more than {bounds.files} files"
    if sum(member.size_bytes for member in members) > bounds.bytes:
        return _too_large(bounds)
    return ""


def _named(members: Iterator[Member], files_max: int) -> dict[PurePosixPath, Member]:
    """Return the members by the paths they get, in the archive's order."""
    named: dict[PurePosixPath, Member] = {}
    for count, member in enumerate(members):
        if count >= files_max:
            raise RefusedArchive(
                UPLOAD_TOO_LARGE, f"it holds more than {files_max} files"
            )
        # Some Windows programs write backslashes, against the format.
        name = readable_name(member.name).replace("\\", "/")
        path = PurePosixPath(name)
        if not path.parts:  # It is the archive's own folder, or has no name.
            continue
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
        # Such a program marks a folder by its name only.
        is_folder = member.is_folder or name.endswith("/")
        folders = path.parts if is_folder else path.parts[:-1]
        read = list(takewhile(_may_be_read, folders))[:DEPTH_MAX]
        # What lies deeper is not read in a folder, either; only that one remains.
        is_left_out = len(read) < len(folders)
        path = PurePosixPath(*map(fitting_name, read if is_left_out else path.parts))
        if len(str(path).encode()) > _PATH_BYTES_MAX:
            continue
        if is_left_out:
            if read:
                named.setdefault(path, Member(str(path), is_folder=True))
            continue
        named.pop(path, None)
        named[path] = replace(member, name=str(path), is_folder=is_folder)
    # Some archives hold a file and a folder of one name, of which a disk has but one.
    used = {folder for path in named for folder in path.parents}
    return {path: m for path, m in named.items() if m.is_folder or path not in used}


def _may_be_read(folder: str) -> bool:
    return not folder.startswith(".") and folder not in MADE_BY_TOOLS


def _too_large(bounds: Bounds) -> str:
    return f"unpacked, it takes more than {bounds.bytes >> 20} MB"


def _write(members: list[Member], directory: Path, bounds: Bounds) -> None:
    """Write the files, and count the bytes: an archive may lie about its sizes."""
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
