"""Finding submissions: in folders, in archives, and in what course platforms export.

Where files of several students lie side by side, their names say whose each is:

- Canvas, "Download Submissions": `doejane_LATE_123_4567_raft.py`, which is student,
  perhaps LATE, the user's number, the attachment's, and the file as it was called.
- Moodle, "Download all submissions": a folder `Jane Doe_123_assignsubmission_file_`,
  or files that begin so; with "onlinetext" it is what was typed into the browser.
- Gradescope, "Export Submissions": folders `submission_123`, and a file
  `submission_metadata.yml` that has the names.

Only names are looked at here; nothing is opened or unpacked.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from labrpc.submission import source_tree as places
from labrpc.submission.submission import Submission

try:  # Ten times as fast, where it was compiled.
    from yaml import CSafeLoader as SafeLoader
except ImportError:
    from yaml import SafeLoader  # type: ignore[assignment]

from tester.intake.archives import (
    STRAY,
    archive_stem,
    is_archive,
    is_archive_name,
    unread_suffix,
)
from tester.text import listed, printable_name, readable_name

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
class Upload:
    """A file or folder that a student has handed in.

    Attributes:
        name: what the student has called it.
        number: of two of one name, the newer has the higher one.
        is_folder: whether it is a folder in which files were handed in.
    """

    path: Path
    name: str
    number: int = 0
    is_folder: bool = False

    @property
    def is_archive(self) -> bool:
        """Whether it is an archive."""
        return not self.is_folder and is_archive_name(self.name)

    @property
    def is_packed(self) -> bool:
        """Whether it is an archive, or one that nobody reads."""
        return self.is_archive or bool(self.unread_suffix)

    @property
    def is_python(self) -> bool:
        """Whether it is a Python file."""
        return not self.is_folder and self.name.lower().endswith(".py")

    @property
    def module_file(self) -> str:
        """What a Python file has to be called, for Python to find it."""
        return f"{PurePosixPath(self.name).stem}.py"

    @property
    def unread_suffix(self) -> str:
        """What says that it is an archive that nobody reads, "" for anything else."""
        return "" if self.is_folder else unread_suffix(self.name)

    @property
    def may_be_one(self) -> bool:
        """Whether a submission may be in it, going by its name."""
        return self.is_folder or self.is_packed or self.is_python


@dataclass
class Entry:
    """What one student has handed in.

    Attributes:
        names: what reports may call it: the first that nobody else has.
    """

    names: list[str]
    uploads: list[Upload] = field(default_factory=list)


def entries(directory: Path, notes: list[str]) -> list[Entry]:
    """Return what the students have handed in, by name; say in `notes` what is not theirs."""
    students = _gradescope_names(directory / METADATA, notes)
    found: dict[tuple[str, str], Entry] = {}
    passed_over = []
    for child in sorted(directory.iterdir()):
        name = readable_name(child.name)
        key, upload = _whose(child, name, students)
        is_platforms = bool(key[1])
        if _is_nobodys(child) or not (upload.may_be_one or is_platforms):
            passed_over.append(name)
        elif not is_grading(child):
            entry = found.setdefault(key, Entry(_names(*key, child)))
            entry.uploads.append(upload)
    for folder, student in students.items():
        number = _GRADESCOPE.fullmatch(folder)
        if number and not (directory / folder).exists():
            key = (student, number["id"])
            upload = Upload(directory / folder, folder, is_folder=True)
            found[key] = Entry(_names(*key, directory / folder), [upload])
    passed_over = [
        name for name in passed_over if name not in ("__pycache__", METADATA)
    ]
    if passed_over:
        notes.append(
            f"passed over in {readable_name(str(directory))}: {listed(passed_over)}"
        )
    return list(found.values())


def single(path: Path) -> Entry:
    """Return the entry of a file or folder that is one submission."""
    name = readable_name(path.name)
    upload = Upload(path, name, is_folder=path.is_dir())
    return Entry(_names(name, "", path), [upload])


def is_export(names: Iterable[str]) -> bool:
    """Return whether files or folders of one folder come from a course platform."""
    return any(name == METADATA or _platform_match(name) for name in names)


def holds_many(files: list[PurePosixPath]) -> bool:
    """Return whether an archive with these files holds those of several students."""
    files = [
        file
        for file in files
        if not set(file.parts) & set(STRAY) and places.may_read(file)
    ]
    while files:
        top = list(dict.fromkeys(file.parts[0] for file in files))
        if is_export(top):
            return True
        inside = len(top) == 1 and all(len(file.parts) > 1 for file in files)
        if not inside:
            break
        files = [PurePosixPath(*file.parts[1:]) for file in files]
    if any(_is_raft(file) for file in files):
        return False
    students = {
        file.parts[0]
        for file in files
        if (len(file.parts) == 1 and Upload(Path(file), file.name).is_packed)
        or any(_is_raft(PurePosixPath(*file.parts[i:])) for i in (1, 2))
    }
    return len(students) > 1


def _is_raft(file: PurePosixPath) -> bool:
    """Return whether the folder in which `file` lies so is a submission."""
    return str(file) in ("raft.py", "__init__.py") or (
        len(file.parts) == 2 and file.parts[0] == "raft" and file.suffix == ".py"
    )


def _platform_match(name: str) -> re.Match[str] | None:
    return _MOODLE.fullmatch(name) or _GRADESCOPE.fullmatch(name) or _canvas_match(name)


def _canvas_match(name: str) -> re.Match[str] | None:
    return _CANVAS_ANONYMOUS.fullmatch(name) or _CANVAS.fullmatch(name)


def _whose(
    child: Path, name: str, students: dict[str, str]
) -> tuple[tuple[str, str], Upload]:
    """Return whose a file or folder is, as name and number, "" where neither is told."""
    is_folder = child.is_dir()
    if found := _MOODLE.fullmatch(name):
        # Text that was typed into the browser is a folder with a page, and no program.
        is_folder = is_folder and found["kind"] == "file"
        upload = Upload(child, found["file"] or name, is_folder=is_folder)
        return (found["student"], found["id"]), upload
    if (found := _GRADESCOPE.fullmatch(name)) and name in students:
        upload = Upload(child, name, is_folder=is_folder)
        return (students[name], found["id"]), upload
    if not is_folder and (found := _canvas_match(name)):
        file = _AGAIN.sub("", found["file"])
        upload = Upload(child, file, int(found["number"]))
        return (found["student"], found["id"]), upload
    return (name, ""), Upload(child, name, is_folder=is_folder)


def _names(student: str, number: str, path: Path) -> list[str]:
    if number:
        student = printable_name(student)
        return [student, f"{student}_{number}"]
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


def _is_nobodys(child: Path) -> bool:
    """Return whether neither a student nor a platform calls a hand-in so."""
    if child.name in STRAY or child.name[0] in "._":
        return True
    if places.is_skipped(child):
        return child.is_dir() and not Submission.looks_like_one(child)
    # An environment may as well be the folder of a student who works in it.
    return places.is_environment(child) and not any(
        file.endswith(".py") for _, _, files in places.walk(child) for file in files
    )


def is_grading(child: Path) -> bool:
    """Return whether a folder is no submission, but an earlier grading."""
    return any((child / name).is_file() for name in ("results.json", "journal.jsonl"))


class _Loader(SafeLoader):
    """Reads plain values; Ruby's own, such as its times, come out as None."""


_Loader.add_multi_constructor("!", lambda loader, suffix, node: None)


def _gradescope_names(file: Path, notes: list[str]) -> dict[str, str]:
    """Return folder to names of those who have handed it in, as in "Ann and Bob"."""
    if not file.is_file():
        return {}
    try:
        told = yaml.load(file.read_bytes(), _Loader)
        return {
            folder: " and ".join(_name_of(s) for s in facts[":submitters"])
            for folder, facts in told.items()
            if facts.get(":submitters")
        }
    except (OSError, yaml.YAMLError, ValueError, TypeError, KeyError, AttributeError):
        notes.append(
            f"{file} cannot be read as Gradescope writes it: submissions are called by "
            "their folders"
        )
        return {}


def _name_of(submitter: dict[str, Any]) -> str:
    return str(submitter.get(":name") or submitter.get(":email") or submitter[":sid"])
