"""Which files and folders of a submission are read, and within which bounds.

None from folders with tests, with what a build has made, or with installed packages:
the lab itself is installed with its reference, so a Raft lies there, too. A folder is
a stranger's: its links may lead anywhere, its files be pipes or take gigabytes, its
folders lie a thousand deep.
"""

import errno
import os
import stat
from collections.abc import Callable, Container, Iterable, Iterator
from itertools import islice
from pathlib import Path, PurePath

# What tools put into folders so called, nobody has written for a submission.
MADE_BY_TOOLS = frozenset(
    ["__pycache__", "node_modules", "venv", "site-packages", "dist-packages"]
)
# Folders that are never part of a submission, whatever they contain.
_SKIPPED = MADE_BY_TOOLS | {"tests", "test", "build", "dist"}
# It marks a virtual environment, of any name. That may be the student's own folder:
# then only what belongs to the environment is skipped.
_MARK = "pyvenv.cfg"
# Nobody nests folders so deep, and what goes through them calls itself at each.
DEPTH_MAX = 50
# One folder's entries; the rest is not looked at.
ENTRIES_MAX = 100_000
_REGULAR_ONLY = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_OF_AN_ENVIRONMENT = {"bin", "include", "lib", "lib64", "scripts", "share"}


def may_read(inside: PurePath) -> bool:
    """Return whether a path within a submission's directory could be a module's."""
    return not any(part.startswith(".") or part in _SKIPPED for part in inside.parts)


def is_skipped(entry: Path) -> bool:
    """Return whether no module is read from a file or folder, or below it."""
    return not may_read(PurePath(entry.name)) or (
        entry.name.lower() in _OF_AN_ENVIRONMENT and is_environment(entry.parent)
    )


def is_environment(directory: Path) -> bool:
    """Return whether a folder is a virtual environment."""
    return (directory / _MARK).is_file()


def walk(directory: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    """Yield each folder from which modules are read, its folders, and its files.

    Files are regular ones, or links to some. Does not go on below links, below
    folders that are taken out of the list, or deeper than `DEPTH_MAX`.
    """
    waiting = [(directory, 0)]
    while waiting:
        here, depth = waiting.pop()
        try:
            entries = list_folder(here)
        except OSError:
            continue
        folders = [
            entry.name
            for entry in entries
            if _leads_to(entry, os.DirEntry.is_dir)
            and not is_skipped(here / entry.name)
        ]
        files = [
            entry.name for entry in entries if _leads_to(entry, os.DirEntry.is_file)
        ]
        linked = {entry.name for entry in entries if entry.is_symlink()}
        yield here, folders, files
        if depth < DEPTH_MAX:
            inner = [name for name in reversed(folders) if name not in linked]
            waiting += [(here / name, depth + 1) for name in inner]


def list_folder(directory: Path) -> list[os.DirEntry[str]]:
    """Return what lies in a folder, by name."""
    with os.scandir(directory) as entries:
        return sorted(islice(entries, ENTRIES_MAX), key=lambda entry: entry.name)


def _leads_to(
    entry: os.DirEntry[str], is_kind: Callable[[os.DirEntry[str]], bool]
) -> bool:
    """Return whether an entry, or what it links to, is of a kind."""
    try:
        return is_kind(entry)
    except OSError:  # A link to itself, or to nothing.
        return False


def read_regular(file: Path, bytes_max: int) -> bytes:
    """Return the content of a regular file.

    Raises:
        OSError: it is a link, a pipe, a device or a socket, or too long.
    """
    fd = os.open(file, _REGULAR_ONLY)
    with open(fd, "rb") as opened:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "it is no regular file")
        # It may grow while it is read, and some files of the kernel tell no size.
        content = b"" if found.st_size > bytes_max else opened.read(bytes_max + 1)
    if max(found.st_size, len(content)) > bytes_max:
        raise OSError(errno.EFBIG, f"it has more than {bytes_max >> 20} MB")
    return content


def environments(files: Iterable[PurePath]) -> set[PurePath]:
    """Return which folders, of those that hold the files, are virtual environments."""
    return {file.parent for file in files if file.name == _MARK}


def is_installed(file: PurePath, environments: Container[PurePath]) -> bool:
    """Return whether a file belongs to one of the virtual environments."""
    return any(
        place.parent in environments and place.name.lower() in _OF_AN_ENVIRONMENT
        for place in file.parents
    )
