"""A submission or a suite as bytes: how it travels to a machine that does not have it.

The digest of the bytes identifies it, so that a machine needs them only once. A link
travels as a link: its target does not belong to the submission.
"""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import msgspec

from labrpc.submission.source_tree import read_regular
from tester.intake.archives import ONE_SUBMISSION

# No run depends on them.
LEFT_BEHIND = {"__pycache__", ".git"}


class Entry(msgspec.Struct, frozen=True):
    """A file, or a link.

    Attributes:
        place: relative to the submission, "" if it is a single file.
        data: the content, or the target of the link.
    """

    place: str
    data: bytes
    is_link: bool = False


class Tree(msgspec.Struct, frozen=True):
    """The whole content of a submission or a suite.

    Attributes:
        name: of its folder or file.
        beside: what a single file needs of its folder.
    """

    name: str
    entries: list[Entry]
    beside: list[Entry] = []


class Content(msgspec.Struct, frozen=True):
    """A submission or a suite that is packed.

    Attributes:
        name: of its folder or file.
        data: b"" where the receiver should have it already.
    """

    digest: str
    name: str
    data: bytes = b""


class TooLarge(Exception):
    """A submission is larger than what may be handed in."""


def pack(path: Path, beside: Mapping[str, Path] | None = None) -> Content:
    """Return the content of a submission or a suite.

    Args:
        path: the folder or the file.
        beside: the modules that a single file imports from its folder, by name.

    Raises:
        TooLarge: it takes more room than a submission may.
        OSError: it cannot be read.
    """
    path.lstat()  # Raises what is wrong with it.
    entries: list[Entry] = []
    others: list[Entry] = []
    left_bytes = ONE_SUBMISSION.bytes
    for file in sorted(_files(path)):
        place = "" if file == path else file.relative_to(path).as_posix()
        is_link = file.is_symlink()
        if not is_link and not file.is_file():
            continue
        if not is_link and file.stat().st_size > left_bytes:
            raise TooLarge
        if is_link:
            data = os.fsencode(os.readlink(file))
        else:
            data = read_regular(file, left_bytes)
        left_bytes -= len(data)
        entries.append(Entry(place, data, is_link))
        if left_bytes < 0 or len(entries) > ONE_SUBMISSION.files:
            raise TooLarge
    for module, file in sorted((beside or {}).items()):
        inner = "/__init__.py" if file.name == "__init__.py" else ".py"
        data = read_regular(file.resolve(), left_bytes)
        left_bytes -= len(data)
        others.append(Entry(module.replace(".", "/") + inner, data))
    name = os.path.basename(os.path.realpath(path))
    data = msgspec.msgpack.encode(Tree(name, entries, others))
    return Content(hashlib.blake2b(data, digest_size=16).hexdigest(), name, data)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = []
    for folder, folders, files in os.walk(path):
        here = Path(folder)
        links = [name for name in folders if (here / name).is_symlink()]
        found += [here / name for name in (*links, *files)]
        folders[:] = [name for name in folders if name not in LEFT_BEHIND]
    return found


def unpack(data: bytes, folder: Path) -> Path:
    """Write a submission or a suite into an empty folder; return where it lies.

    Raises:
        ValueError: the content is damaged.
    """
    tree = msgspec.msgpack.decode(data, type=Tree)
    root = folder / _plain(tree.name)
    inside = [(root, entry) for entry in tree.entries]
    for above, entry in [*inside, *((folder, entry) for entry in tree.beside)]:
        place = above / _plain(entry.place) if entry.place else above
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.parent.resolve() != place.parent:
            raise ValueError(f"{entry.place} lies behind a link")
        if entry.is_link:
            place.symlink_to(os.fsdecode(entry.data))
        else:
            place.write_bytes(entry.data)
    if not root.exists():
        root.mkdir(parents=True)
    return root


def _plain(place: str) -> PurePosixPath:
    path = PurePosixPath(place)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise ValueError(f"{place!r} is no place inside a submission")
    return path
