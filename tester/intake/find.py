"""Finding submissions: what a submission is, and where it lies.

A submission is a folder with a package `raft/` or a module `raft.py`, a package, one
Python file, or an archive of one of these; what a student uploads may hold it at any
depth. Archives are unpacked, loose files of one student are put together, and each
submission gets a name of its own. What cannot be one is refused with a reason.
"""

import re
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path

from tester.codes import NOTHING_HANDED_IN, SEVERAL_ARCHIVES, SEVERAL_RAFTS
from tester.errors import UsageError
from tester.intake.archives import WHOLE_CLASS, names_in
from tester.intake.class_folders import hand_ins, holds_many
from tester.intake.file_names import is_archive
from tester.intake.hand_in import FoundSubmission, submission_in
from tester.intake.platforms import Names
from tester.intake.recognition import PACKAGE, looks_like_submission
from tester.intake.refusals import Refused, RefusedArchive
from tester.intake.roots import is_class, outermost
from tester.intake.unpacked import Unpacked
from tester.intake.uploads import HandIn, hand_in_at
from tester.text import listed, quoted, readable_name

# Why a class would be refused if it were a student's hand-in.
_OF_A_CLASS = (SEVERAL_ARCHIVES, SEVERAL_RAFTS)


@dataclass
class Intake:
    """The submissions that were found.

    Attributes:
        submissions: name to path; names are unique.
        refused: why one is not graded, by name; it has a path, too.
        inside: where each lies in what its student handed in, by name, "." if it is
            all of that.
        classes: the names of refused ones that look like a class, not like a student's.
        notes: what the person who grades should know.
    """

    submissions: dict[str, Path] = field(default_factory=dict)
    refused: dict[str, Refused] = field(default_factory=dict)
    inside: dict[str, str] = field(default_factory=dict)
    classes: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def find_submission(
    path: Path, unpack_to: Path | None = None, package: str = PACKAGE
) -> FoundSubmission:
    """Return the one submission at a path, at whatever depth it lies.

    Args:
        path: what one student handed in: a folder, a Python file, or an archive.
        unpack_to: where to unpack archives; None if there must be none.
        package: what a submission of the lab holds at least.

    Raises:
        Refused: nothing is there, or no submission, or more than one.
        OSError: the machine's disk is full, or broken.
    """
    if not path.exists():
        raise Refused(NOTHING_HANDED_IN, "it does not exist")
    if path.is_dir() and not any(path.iterdir()):
        raise Refused(NOTHING_HANDED_IN, "the folder is empty")
    path = path.resolve()
    uploads = hand_in_at(path).uploads
    unpacked = Unpacked(unpack_to)
    return submission_in(path.name, uploads, unpacked, True, package)


def find_submissions(
    paths: list[str],
    unpack_to: Path,
    single: bool = False,
    pattern: re.Pattern[str] | None = None,
    package: str = PACKAGE,
) -> Intake:
    """Return the submissions at `paths`.

    A path is a submission (which may be an archive), a folder of them, or what a
    course platform has exported, as a folder or an archive.

    Args:
        paths: as a person has written them.
        unpack_to: where to unpack archives, in place of what is there.
        single: whether each path is what one student handed in.
        pattern: how the names in a class are built, with the groups of
            `platforms.GROUPS`, instead of those that course platforms write.
        package: what a submission of the lab holds at least.

    Raises:
        UsageError: a path does not exist, has no submission in it, or is a folder of
            classes.
        OSError: the machine's disk is full, or broken.
    """
    check_paths(paths)
    unpacked = Unpacked(unpack_to)
    intake = Intake()
    names = Names(pattern)
    found: list[HandIn] = []
    for path in dict.fromkeys(Path(text).resolve() for text in paths):
        if single:
            found.append(hand_in_at(path))
        else:
            found += _hand_ins_at(path, unpacked, intake, names)
    unique = {hand_in.uploads[0].path: hand_in for hand_in in found}
    _take_in(list(unique.values()), unpacked, intake, single, package)
    if not single:
        _refuse_classes(intake, paths)
    return intake


def check_paths(paths: list[str]) -> None:
    """Raise UsageError if a path does not exist."""
    for text in paths:
        if not Path(text).exists():
            raise UsageError(f"{text} does not exist")


def _hand_ins_at(
    path: Path, unpacked: Unpacked, intake: Intake, names: Names
) -> list[HandIn]:
    """Return what the students whose files are at a path handed in."""
    assert unpacked.directory is not None
    if is_archive(path):
        try:
            if not holds_many(names_in(path), names):
                return [hand_in_at(path)]
            path = unpacked.unpack(
                readable_name(path.name), path, intake.notes, WHOLE_CLASS
            )
        except (Refused, RefusedArchive):
            return [hand_in_at(path)]  # It will be refused under its name.
    elif path.is_file() or looks_like_submission(path):
        return [hand_in_at(path)]
    try:
        path = outermost(path, unpacked.directory, names)
        if path.is_file():
            return _hand_ins_at(path, unpacked, intake, names)
        found = hand_ins(path, unpacked, names, intake.notes)
    except OSError as exc:
        raise UsageError(f"{path} cannot be read: {exc.strerror}") from None
    if not found and names.pattern is not None:
        raise UsageError(
            f"--names: {names.pattern.pattern} fits no name in {path}; there are "
            f"{listed([readable_name(c.name) for c in sorted(path.iterdir())])}"
        )
    if not found:
        raise UsageError(
            f"{path} is neither a submission nor a folder of submissions: a submission "
            "is a folder with raft/ or raft.py, one .py file, or a .zip or .tar.gz of "
            "either"
        )
    return found


def _refuse_classes(intake: Intake, paths: list[str]) -> None:
    """Raise UsageError if all that was found are classes: they lie a folder too high.

    One among submissions is refused as any other, with a note.
    """
    classes = [
        path for name, path in intake.submissions.items() if name in intake.classes
    ]
    if classes and len(classes) == len(intake.submissions):
        commands = [f"raft-lab {quoted(str(path))}" for path in classes]
        raise UsageError(
            f"{listed(paths)}: this looks like a class, or several, and not like "
            f"submissions: name the folder that holds the students' folders or archives, "
            f"as in {listed(commands)}"
        )


def _take_in(
    found: list[HandIn],
    unpacked: Unpacked,
    intake: Intake,
    single: bool,
    package: str,
) -> None:
    """Give each hand-in a name, and find the submission in it."""
    short = [hand_in.names[0] for hand_in in found]
    for hand_in in found:
        first, *more = hand_in.names
        possible = more if short.count(first) > 1 else hand_in.names
        numbered = (f"{possible[-1]} ({n})" for n in count(2))
        free = (n for n in chain(possible, numbered) if n not in intake.submissions)
        name = next(free)
        intake.submissions[name] = hand_in.uploads[0].path
        intake.notes += [f"{name}: {note}" for note in hand_in.notes]
        try:
            submission = submission_in(name, hand_in.uploads, unpacked, single, package)
        except Refused as exc:
            intake.refused[name] = exc
            path = intake.submissions[name]
            is_students = any(upload.is_named for upload in hand_in.uploads)
            if exc.code in _OF_A_CLASS and not is_students and is_class(path, Names()):
                intake.classes.append(name)
                intake.notes.append(
                    f"{name}: {exc}. If it is a class, and not what one student handed "
                    f"in, grade it by: raft-lab {quoted(str(path))}"
                )
            continue
        intake.submissions[name] = submission.path
        intake.inside[name] = submission.inside
        intake.notes += [f"{name}: {note}" for note in submission.notes]
