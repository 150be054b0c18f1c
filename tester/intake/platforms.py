"""Course platforms' names for files, which say whose each is.

- Canvas, "Download Submissions": `doejane_LATE_123_4567_raft.py`, which is student,
  perhaps LATE, the user's number, the attachment's, and the file's own name.
- Moodle, "Download all submissions": a folder `Jane Doe_123_assignsubmission_file_`,
  or files that begin so; "onlinetext" is what was typed into the browser.
- Gradescope, "Export Submissions": folders `submission_123`, and a file
  `submission_metadata.yml` that has the names.

This module only looks at names; it neither opens nor unpacks what was handed in.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

try:  # Ten times as fast, where it was compiled.
    from yaml import CSafeLoader as SafeLoader
except ImportError:
    from yaml import SafeLoader  # type: ignore[assignment]

from tester.intake.uploads import Upload

METADATA = "submission_metadata.yml"
_CANVAS = re.compile(
    r"(?P<student>.+?)_(?:LATE_)?(?P<id>\d+)_(?P<number>\d+)_(?P<file>.+)"
)
_CANVAS_ANONYMOUS = re.compile(
    r"(?:LATE_)?(?P<student>anon)_(?P<id>[^_]+)_(?P<number>\d+)_(?P<file>.+)"
)
_MOODLE = re.compile(
    r"(?P<student>.+)_(?P<id>\d+)_assignsubmission_(?P<kind>[a-z]+)_?(?P<file>.*)"
)
_GRADESCOPE = re.compile(r"submission_(?P<id>\d+)")
# Canvas numbers a file that was handed in before under the same name.
_AGAIN = re.compile(r"-\d+(?=\.\w+$)")


@dataclass(frozen=True)
class Student:
    """The student whom a file belongs to.

    Attributes:
        name: as the platform writes it; without a platform, the file's own name.
        number: the student's or the submission's number, "" without a platform.
    """

    name: str
    number: str = ""


def is_export(names: Iterable[str]) -> bool:
    """Return whether files or folders of one folder come from a course platform."""
    return any(name == METADATA or _match(name) for name in names)


def owner_of(
    child: Path, name: str, students: dict[str, str]
) -> tuple[Student, Upload]:
    """Return whose a file or folder is, and what it is without the platform's marks.

    Args:
        child: where it lies.
        name: its name as text.
        students: the names in Gradescope's metadata, by folder.
    """
    is_folder = child.is_dir()
    if found := _MOODLE.fullmatch(name):
        # Text that was typed into the browser is a folder with a page, and no program.
        is_folder = is_folder and found["kind"] == "file"
        upload = Upload(child, found["file"] or name, is_folder=is_folder)
        return Student(found["student"], found["id"]), upload
    if (found := _GRADESCOPE.fullmatch(name)) and name in students:
        upload = Upload(child, name, is_folder=is_folder)
        return Student(students[name], found["id"]), upload
    if not is_folder and (found := _canvas_match(name)):
        file = _AGAIN.sub("", found["file"])
        upload = Upload(child, file, int(found["number"]))
        return Student(found["student"], found["id"]), upload
    return Student(name), Upload(child, name, is_folder=is_folder)


def gradescope_student(folder: str, students: dict[str, str]) -> Student | None:
    """Return the student of a folder in Gradescope's metadata, None if there is none."""
    found = _GRADESCOPE.fullmatch(folder)
    return Student(students[folder], found["id"]) if found else None


def gradescope_names(directory: Path, notes: list[str]) -> dict[str, str]:
    """Return the names of those who handed in each folder, as in "Ann and Bob"."""
    file = directory / METADATA
    if not file.is_file():
        return {}
    try:
        metadata = yaml.load(file.read_bytes(), _Loader)
        return {
            folder: " and ".join(_name_of(s) for s in facts[":submitters"])
            for folder, facts in metadata.items()
            if facts.get(":submitters")
        }
    except (OSError, yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError):
        notes.append(
            f"{file} is not in the format that Gradescope writes: submissions are named "
            "by their folders"
        )
        return {}


class _Loader(SafeLoader):
    """Reads plain values; Ruby's own, such as its times, become None."""


_Loader.add_multi_constructor("!", lambda loader, suffix, node: None)


def _name_of(submitter: dict[str, Any]) -> str:
    name = submitter.get(":name") or submitter.get(":email") or submitter[":sid"]
    if not isinstance(name, (str, int)):
        raise TypeError("not a name")
    return str(name)


def _match(name: str) -> re.Match[str] | None:
    return _MOODLE.fullmatch(name) or _GRADESCOPE.fullmatch(name) or _canvas_match(name)


def _canvas_match(name: str) -> re.Match[str] | None:
    return _CANVAS_ANONYMOUS.fullmatch(name) or _CANVAS.fullmatch(name)
