"""What students hand in, and what reports may call it."""

import re
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from tester.intake.file_names import (
    archive_stem,
    is_archive,
    is_archive_name,
    unread_suffix,
)
from tester.text import printable_name, readable_name

# A browser numbers a file that it downloads again, as in "raft (1).py".
_NUMBERED = re.compile(r" ?\(\d+\)$")


@dataclass(frozen=True)
class Upload:
    """A file or folder that a student has handed in.

    Attributes:
        name: what the student called it.
        number: the order of uploads that have the same name, the newest last.
        is_folder: whether it is a folder.
        attempt: the attempt that it belongs to, as the platform names it.
        is_receipt: whether the platform has written it.
        is_named: whether a platform has named it, and not the student.
    """

    path: Path
    name: str
    number: int = 0
    is_folder: bool = False
    attempt: str = ""
    is_receipt: bool = False
    is_named: bool = False

    @property
    def is_archive(self) -> bool:
        """Whether it is an archive."""
        return not self.is_folder and is_archive_name(self.name)

    @property
    def is_packed(self) -> bool:
        """Whether it is an archive, be it of a kind that the lab reads or not."""
        return self.is_archive or bool(self.unread_suffix)

    @property
    def is_python(self) -> bool:
        """Whether it is a Python file."""
        return not self.is_folder and self.name.lower().endswith(".py")

    @property
    def module_file(self) -> str:
        """The name by which Python can import a Python file."""
        return f"{_NUMBERED.sub('', PurePosixPath(self.name).stem)}.py"

    @property
    def unread_suffix(self) -> str:
        """The suffix of an archive of a kind that the lab does not read, else ""."""
        return "" if self.is_folder else unread_suffix(self.name)

    @property
    def may_be_one(self) -> bool:
        """Whether its name allows that a submission is in it."""
        return self.is_folder or self.is_packed or self.is_python


@dataclass
class HandIn:
    """What one student has handed in.

    Attributes:
        names: what reports may call it; they use the first that is free.
        notes: what the person who grades should know.
    """

    names: list[str]
    uploads: list[Upload] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def hand_in_at(path: Path) -> HandIn:
    """Return the hand-in that a file or folder is by itself."""
    name = readable_name(path.name)
    upload = Upload(path, name, is_folder=path.is_dir())
    return HandIn(names_for(name, None, path), [upload])


def names_for(student: str, number: str | None, path: Path) -> list[str]:
    """Return what reports may call what a student handed in, the best name first.

    Args:
        student: the name that a platform gives, or the file's own.
        number: the student's number on the platform, "" if that has none, None without
            a platform.
        path: where it lies.
    """
    if number is not None:
        student = printable_name(student)
        return [student, printable_name(f"{student}_{number}")] if number else [student]
    if not path.is_file():
        short = path.name
    elif is_archive(path) or unread_suffix(path.name):
        short = archive_stem(path)
    else:
        short = path.stem
    short, whole = (
        printable_name(readable_name(short)),
        printable_name(readable_name(path.name)),
    )
    beside = f"{printable_name(readable_name(path.parent.name))}/{short}"
    return [short, beside] if short == whole else [short, beside, whole]
