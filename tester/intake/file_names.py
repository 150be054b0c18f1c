"""What the name of a file says of its kind, and names that fit on a disk."""

import hashlib
from pathlib import Path

SUFFIXES = (
    ".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tbz", ".tar.xz", ".txz"
)  # fmt: skip
# Other archives and compressed files: to hand in one of them is not to hand in nothing.
UNREAD_SUFFIXES = (
    ".7z", ".rar", ".tar.zst", ".tar.lz", ".tar.lzma", ".tar.z", ".zipx",
    ".gz", ".bz2", ".xz",
)  # fmt: skip
# What operating systems add to archives and folders.
STRAY = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")
# A file that is no source and larger than this is left out, be it a log or a video.
BESIDE_BYTES_MAX = 1 << 20
# What Linux, macOS and Windows let a name have at least.
NAME_BYTES_MAX = 255
_SUFFIX_MAX = 10
_SOURCE = (".py", *SUFFIXES, *UNREAD_SUFFIXES)


def is_source(name: str) -> bool:
    """Return whether a file is Python, or an archive in which some may be."""
    return name.lower().endswith(_SOURCE)


def is_large(name: str, size_bytes: int) -> bool:
    """Return whether a file is left out, since it is large and no source."""
    return size_bytes > BESIDE_BYTES_MAX and not is_source(name)


def fitting_name(name: str, bytes_max: int = NAME_BYTES_MAX) -> str:
    """Return a file's name, cut before its suffix if it is too long for a disk.

    A digest in place of what was cut keeps names apart that begin alike.
    """
    data = name.encode()
    if len(data) <= bytes_max:
        return name
    found = (s for s in (*SUFFIXES, *UNREAD_SUFFIXES) if name.lower().endswith(s))
    length = len(next(found, Path(name).suffix))
    suffix = name[-length:] if 0 < length <= _SUFFIX_MAX else ""
    end = f"-{hashlib.blake2b(data, digest_size=4).hexdigest()}{suffix}"
    return data[: bytes_max - len(end.encode())].decode(errors="ignore") + end


def is_archive(path: Path) -> bool:
    """Return whether a file's name is that of an archive."""
    return path.is_file() and is_archive_name(path.name)


def is_archive_name(name: str) -> bool:
    """Return whether a name is that of an archive."""
    return name.lower().endswith(SUFFIXES)


def unread_suffix(name: str) -> str:
    """Return the suffix of an archive of a kind that the lab does not read, or ""."""
    found = (suffix for suffix in UNREAD_SUFFIXES if name.lower().endswith(suffix))
    return "" if is_archive_name(name) else next(found, "")


def archive_stem(path: Path) -> str:
    """Return an archive's name without its suffix."""
    lower = path.name.lower()
    suffixes = [s for s in SUFFIXES + UNREAD_SUFFIXES if lower.endswith(s)]
    return path.name[: -max(map(len, suffixes))]
