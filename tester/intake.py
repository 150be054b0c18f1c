"""From what the command line names to submissions that can be loaded.

Archives are unpacked, loose files of one student are put together, and each
submission gets a name of its own. What cannot be one is refused with a reason;
the others go on.
"""

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from labrpc.submission import Submission
from tester.archives import (
    ONE_SUBMISSION,
    STRAY,
    WHOLE_CLASS,
    RefusedArchive,
    innermost,
    is_archive,
    names,
    readable,
    unpack,
)
from tester.disk_trouble import is_disk_trouble
from tester.layouts import Entry, Upload, entries, holds_many, is_export, listed, single
from tester.suite import UsageError


class _Refused(Exception):
    """What was handed in cannot be graded; the message says why."""


@dataclass
class Intake:
    """The submissions that were found.

    Attributes:
        submissions: name to path; names are unique.
        refused: why one is not graded, by name: such a one has a name and a path, too.
        notes: what the person who grades should know.
    """

    submissions: dict[str, Path] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def find_submissions(paths: list[str], directory: Path) -> Intake:
    """Return the submissions at `paths`.

    A path is a submission (which may be an archive), a folder of them, or what a
    course platform has exported, as a folder or an archive.

    Args:
        paths: as a person has written them.
        directory: where to unpack archives, in place of what is there.

    Raises:
        UsageError: a path does not exist, or has no submission in it.
        OSError: the machine's disk is full, or broken.
    """
    check_paths(paths)
    desk = _Desk(directory.resolve())
    found: list[Entry] = []
    for path in dict.fromkeys(Path(text).resolve() for text in paths):
        found += desk.open(path)
    return desk.take_in(
        list({entry.uploads[0].path: entry for entry in found}.values())
    )


def check_paths(paths: list[str]) -> None:
    """Raise UsageError if a path does not exist."""
    for text in paths:
        if not Path(text).exists():
            raise UsageError(f"{text} does not exist")


class _Desk:
    """Where what was handed in is opened.

    Args:
        directory: gets a numbered folder for each archive.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._places = 0
        # Where links and devices would lie that archives hold.
        self._left_out: list[Path] = []
        self._intake = Intake()

    def open(self, path: Path) -> list[Entry]:
        """Return what a path of the command line holds."""
        notes = self._intake.notes
        if is_archive(path):
            try:
                if not holds_many(names(path)):
                    return [single(path)]
                unpacked = self._place(readable(path.name))
                self._left_out += unpack(path, unpacked, WHOLE_CLASS)
            except RefusedArchive:
                return [single(path)]  # It will be refused under its name.
            path = _outermost(unpacked)
        elif path.is_file() or Submission.looks_like_one(path):
            return [single(path)]
        try:
            found = entries(path, notes)
        except OSError as exc:
            raise UsageError(f"{path} cannot be read: {exc.strerror}") from None
        # The results may lie beside the submissions, and are not one of them.
        own = self._directory
        found = [e for e in found if not own.is_relative_to(e.uploads[0].path)]
        if not found:
            raise UsageError(
                f"{path} is neither a submission nor a folder of submissions: a "
                "submission is a directory with raft/ or raft.py, one .py file, or a "
                ".zip or .tar.gz of either"
            )
        return found

    def take_in(self, found: list[Entry]) -> Intake:
        """Name the entries, and make each one ready to be loaded."""
        intake = self._intake
        short = [entry.names[0] for entry in found]
        for entry in found:
            first, *more = entry.names
            candidates = more if short.count(first) > 1 else entry.names
            free = (name for name in candidates if name not in intake.submissions)
            name = next(free, entry.names[-1])
            intake.submissions[name] = entry.uploads[0].path
            try:
                intake.submissions[name] = self._ready(name, entry.uploads)
            except _Refused as exc:
                intake.refused[name] = str(exc)
            except OSError as exc:
                if is_disk_trouble(exc):
                    raise
                intake.refused[name] = f"it cannot be read: {exc.strerror}"
        return intake

    def _ready(self, name: str, uploads: list[Upload]) -> Path:
        """Return where the submission lies that a student's uploads come to."""
        upload = self._choose(name, uploads)
        if upload is None:
            place = self._place(name)
            place.mkdir(parents=True)
            for file in _newest(uploads):
                if file.is_python:
                    shutil.copyfile(file.path, place / file.name)
            written = list(place.iterdir())
            return written[0] if len(written) == 1 else place
        if upload.is_folder:
            return self._within(name, self._readable(name, upload.path))
        if upload.is_archive:
            return self._within(name, self._unpacked(name, upload.path))
        return upload.path

    def _choose(self, name: str, uploads: list[Upload]) -> Upload | None:
        """Return the upload that counts, None if it is all Python files together."""
        uploads = sorted(uploads, key=lambda upload: upload.number)
        folders = [upload for upload in uploads if upload.is_folder]
        archives = [upload for upload in uploads if upload.is_archive]
        python = [upload for upload in uploads if upload.is_python]
        chosen = None
        if folders:
            chosen = folders[-1]
        elif archives and "raft.py" not in [upload.name for upload in python]:
            chosen = archives[-1]
        elif len(uploads) == 1 and python and _is_as_called(python[0]):
            return python[0]
        elif not python:
            handed_in = listed([upload.name for upload in uploads])
            raise _Refused(
                f"no Python file and no archive was handed in, but {handed_in}"
            )
        counts = [chosen] if chosen else [u for u in _newest(uploads) if u.is_python]
        rest = [upload.path.name for upload in uploads if upload not in counts]
        if rest:
            self._intake.notes.append(
                f"{name}: passed over {listed(list(map(readable, rest)))}"
            )
        return chosen

    def _within(self, name: str, directory: Path) -> Path:
        """Return the submission in a folder, which may hold it as an archive."""
        directory = self._innermost(directory)
        if Submission.looks_like_one(directory):
            return directory
        archives = [
            file
            for file in sorted(directory.iterdir())
            if is_archive(file) and not file.is_symlink()  # To somebody else's.
        ]
        if len(archives) > 1:
            found = listed([readable(file.name) for file in archives])
            raise _Refused(
                f"it holds several archives, and no submission beside them: {found}"
            )
        if archives:
            return self._innermost(self._unpacked(name, archives[0]))
        return self._further_down(name, directory)

    def _further_down(self, name: str, directory: Path) -> Path:
        """Return the Raft that lies somewhere in a folder, if there is just one."""
        found = _rafts_below(directory) or _python_below(directory)
        inside = [str(path.relative_to(directory)) for path in found]
        if len(found) == 1:
            self._intake.notes.append(f"{name}: graded is what lies in {inside[0]}")
            return found[0]
        if found and not found[0].is_file():
            raise _Refused(f"it holds more than one Raft: in {listed(inside)}")
        return directory

    def _innermost(self, directory: Path) -> Path:
        """Return the folder that the student packed, if it is there as it was packed."""
        directory = innermost(directory)
        for path in self._left_out:
            inside = path.is_relative_to(directory) and path.relative_to(directory)
            if inside and Submission.may_read(inside):
                raise _Refused(
                    f"{str(inside)!r} in it is a link or a device; a submission "
                    "consists of plain files and folders"
                )
        return directory

    def _unpacked(self, name: str, archive: Path) -> Path:
        place = self._place(name)
        try:
            self._left_out += unpack(archive, place)
        except RefusedArchive as exc:
            raise _Refused(f"{readable(archive.name)} was refused: {exc}") from None
        return place

    def _readable(self, name: str, directory: Path) -> Path:
        """Return the folder, or a copy of it with names that reports can hold."""
        files = [directory, *sorted(directory.rglob("*"))]
        if all(readable(str(file)) == str(file) for file in files):
            return directory
        files = [file for file in files if file.is_file() and not file.is_symlink()]
        size_bytes = sum(file.stat().st_size for file in files)
        if len(files) > ONE_SUBMISSION.files or size_bytes > ONE_SUBMISSION.bytes:
            raise _Refused(
                f"it holds more than {ONE_SUBMISSION.files} files or "
                f"{ONE_SUBMISSION.bytes >> 20} MB"
            )
        place = self._place(name)
        for file in files:
            copy = place / readable(str(file.relative_to(directory)))
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
        return place

    def _place(self, name: str) -> Path:
        """Return a new folder's path, which does not exist yet."""
        self._places += 1
        # Numbered: a name may be that of another one, or of a folder above.
        place = self._directory / f"{self._places:03}-{Path(name).name}"
        shutil.rmtree(place, ignore_errors=True)
        return place


def _rafts_below(directory: Path) -> list[Path]:
    """Return the folders further down that hold a `raft/` or a `raft.py`."""
    found = []
    for place, folders, files in os.walk(directory):
        folders[:] = sorted(f for f in folders if Submission.may_read(Path(f)))
        here = Path(place)
        if "raft.py" in files or ("raft" in folders and any(here.glob("raft/*.py"))):
            found.append(here)
            folders.clear()
    return found


def _python_below(directory: Path) -> list[Path]:
    """Return the Python files in a folder that could be a submission's."""
    return [
        file
        for file in directory.rglob("*.py")
        if Submission.may_read(file.relative_to(directory))
        and file.is_file()
        and not file.is_symlink()
    ]


def _is_as_called(upload: Upload) -> bool:
    """Return whether a file lies there under the name that its student gave it."""
    path = str(upload.path)
    return upload.name == upload.path.name and readable(path) == path


def _newest(uploads: list[Upload]) -> list[Upload]:
    """Return one upload of each name."""
    in_order = sorted(uploads, key=lambda upload: upload.number)
    return list({upload.name: upload for upload in in_order}.values())


def _outermost(directory: Path) -> Path:
    """Return the folder in which the students' files lie side by side."""
    while True:
        children = [c for c in directory.iterdir() if c.name not in STRAY]
        inside = len(children) == 1 and children[0].is_dir()
        if not inside or is_export(child.name for child in children):
            return directory
        directory = children[0]
