"""From what the command line names to submissions that can be loaded.

Archives are unpacked, loose files of one student are put together, and each
submission gets a name of its own. What cannot be one is refused with a reason;
the others go on.
"""

import shutil
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path

from labrpc.submission.source_tree import may_read, walk
from labrpc.submission.submission import Submission, candidates
from tester.errors import UsageError, is_disk_trouble
from tester.intake.archives import (
    ONE_SUBMISSION,
    WHOLE_CLASS,
    RefusedArchive,
    is_archive,
    names,
    unpack,
    unread_suffix,
)
from tester.intake.platforms import (
    Entry,
    Upload,
    entries,
    holds_many,
    is_export,
    single,
)
from tester.intake.roots import (
    below_outer,
    innermost,
    outermost,
    python_below,
    rafts_below,
)
from tester.text import listed, readable_name


class _Refused(Exception):
    """What was handed in cannot be graded; the message says why."""


@dataclass
class Intake:
    """The submissions that were found.

    Attributes:
        submissions: name to path; names are unique.
        refused: why one is not graded, by name: such a one has a name and a path, too.
        inside: where in what was handed in it lies, by name: "." if that is all of it.
        notes: what the person who grades should know.
    """

    submissions: dict[str, Path] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    inside: dict[str, str] = field(default_factory=dict)
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
        if is_archive(path):
            try:
                if not holds_many(names(path)):
                    return [single(path)]
                unpacked = self._place(readable_name(path.name))
                self._left_out += unpack(path, unpacked, WHOLE_CLASS)
            except RefusedArchive:
                return [single(path)]  # It will be refused under its name.
            path = unpacked
        elif path.is_file() or Submission.looks_like_one(path):
            return [single(path)]
        try:
            path = outermost(path, self._directory)
            if path.is_file():
                return self.open(path)
            found = entries(path, self._intake.notes)
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
            possible = more if short.count(first) > 1 else entry.names
            numbered = (f"{possible[-1]} ({n})" for n in count(2))
            free = (n for n in chain(possible, numbered) if n not in intake.submissions)
            name = next(free)
            intake.submissions[name] = entry.uploads[0].path
            try:
                ready, root = self._ready(name, entry.uploads)
                intake.submissions[name] = ready
                intake.inside[name] = _inside(ready, root)
                self._tell_of_two(name, ready)
            except _Refused as exc:
                intake.refused[name] = str(exc)
            except OSError as exc:
                if is_disk_trouble(exc):
                    raise
                intake.refused[name] = f"it cannot be read: {exc.strerror}"
        return intake

    def _tell_of_two(self, name: str, ready: Path) -> None:
        """Say which counts, where a package `raft/` and a module lie side by side."""
        found = candidates(ready)
        if len(found) > 1:
            chosen, other = (f"{p.name}/" if p.is_dir() else p.name for p in found)
            self._intake.notes.append(
                f"{name}: graded is {chosen}, and not the {other} beside it"
            )

    def _ready(self, name: str, uploads: list[Upload]) -> tuple[Path, Path]:
        """Return where the submission lies that a student's uploads come to.

        And below which folder: that of what the student would call the repository.
        """
        upload = self._choose(name, uploads)
        if upload is None:
            place = self._place(name)
            place.mkdir(parents=True)
            for file in _newest(uploads):
                if file.is_python:
                    shutil.copyfile(file.path, place / file.module_file)
            written = list(place.iterdir())
            return written[0] if len(written) == 1 else place, place
        if upload.is_folder:
            if not upload.path.exists() or not any(upload.path.iterdir()):
                raise _Refused("nothing was handed in")
            directory = self._readable(name, upload.path)
            is_platforms = is_export([upload.path.name])
            return self._within(
                name, directory, below_outer(directory) if is_platforms else directory
            )
        if upload.is_archive:
            return self._within_archive(name, upload.path)
        return upload.path, upload.path.parent

    def _choose(self, name: str, uploads: list[Upload]) -> Upload | None:
        """Return the upload that counts, None if it is all Python files together."""
        uploads = sorted(uploads, key=lambda upload: upload.number)
        folders = [upload for upload in uploads if upload.is_folder]
        archives = [upload for upload in uploads if upload.is_archive]
        python = [upload for upload in uploads if upload.is_python]
        chosen = None
        if folders:
            chosen = folders[-1]
        elif archives and "raft.py" not in [upload.module_file for upload in python]:
            chosen = archives[-1]
        elif len(uploads) == 1 and python and _is_as_called(python[0]):
            return python[0]
        elif not python:
            _refuse_unread([upload.name for upload in uploads])
            handed_in = listed([upload.name for upload in uploads])
            raise _Refused(
                f"no Python file and no archive was handed in, but {handed_in}"
            )
        counts = [chosen] if chosen else [u for u in _newest(uploads) if u.is_python]
        rest = [upload.path.name for upload in uploads if upload not in counts]
        if rest:
            self._intake.notes.append(
                f"{name}: passed over {listed(list(map(readable_name, rest)))}"
            )
        return chosen

    def _within(
        self, name: str, directory: Path, root: Path, is_last: bool = False
    ) -> tuple[Path, Path]:
        """Return the submission in a folder, which may hold it as an archive.

        And below which folder it lies: `root`, or that of the archive.

        Args:
            name: whose it is.
            directory: the folder.
            root: the folder itself, or the outer one in it.
            is_last: archives in it are not unpacked any more.
        """
        directory = self._innermost(directory)
        if Submission.looks_like_one(directory):
            return directory, root
        archives = [
            file
            for file in sorted(directory.iterdir())
            if is_archive(file) and not file.is_symlink()  # To somebody else's.
        ]
        if is_last or not archives:
            return self._further_down(name, directory, root), root
        if len(archives) > 1:
            found = listed([readable_name(file.name) for file in archives])
            raise _Refused(
                f"it holds several archives, and no submission beside them: {found}"
            )
        return self._within_archive(name, archives[0], is_last=True)

    def _within_archive(
        self, name: str, archive: Path, is_last: bool = False
    ) -> tuple[Path, Path]:
        """Return the submission in an archive, and below which folder it lies."""
        directory = self._unpacked(name, archive)
        return self._within(name, directory, below_outer(directory), is_last)

    def _further_down(self, name: str, directory: Path, root: Path) -> Path:
        """Return the Raft that lies somewhere in a folder, if there is just one."""
        found = rafts_below(directory) or python_below(directory)
        if len(found) == 1:
            self._intake.notes.append(
                f"{name}: graded is what lies in {_inside(found[0], root)}"
            )
            return found[0]
        if found and not found[0].is_file():
            inside = [str(path.relative_to(directory)) for path in found]
            raise _Refused(f"it holds more than one Raft: in {listed(inside)}")
        _refuse_unread([file.name for file in sorted(directory.iterdir())])
        return directory

    def _innermost(self, directory: Path) -> Path:
        """Return the folder that the student packed, if it is there as it was packed."""
        directory = innermost(directory)
        for path in self._left_out:
            inside = path.is_relative_to(directory) and path.relative_to(directory)
            if inside and may_read(inside):
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
            raise _Refused(
                f"{readable_name(archive.name)} was refused: {exc}"
            ) from None
        return place

    def _readable(self, name: str, directory: Path) -> Path:
        """Return the folder, or a copy of it with names that reports can hold."""
        files = [place / file for place, _, found in walk(directory) for file in found]
        if all(readable_name(str(file)) == str(file) for file in [directory, *files]):
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
            copy = place / readable_name(str(file.relative_to(directory)))
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


def _refuse_unread(names: list[str]) -> None:
    """Refuse what was handed in if it is an archive of a kind that is not read."""
    for suffix in filter(None, map(unread_suffix, names)):
        raise _Refused(f"a {suffix} is not read: hand in a .zip")


def _inside(submission: Path, root: Path) -> str:
    """Return where a submission lies in a repository, as its student would name it."""
    inside = str(submission.relative_to(root))
    return "." if inside == "raft.py" else inside


def _is_as_called(upload: Upload) -> bool:
    """Return whether a file lies there under the name that its student gave it."""
    path = str(upload.path)
    return upload.name == upload.path.name and readable_name(path) == path


def _newest(uploads: list[Upload]) -> list[Upload]:
    """Return one upload of each name, as a module's file has it if it is one."""
    in_order = sorted(uploads, key=lambda upload: upload.number)
    return list(
        {
            upload.module_file if upload.is_python else upload.name: upload
            for upload in in_order
        }.values()
    )
