"""A class's folder or archive: which hand-ins lie side by side in it."""

from dataclasses import replace
from pathlib import Path, PurePosixPath

from labrpc.submission import source_tree
from tester.intake.attempts import keep_last_attempt
from tester.intake.file_names import STRAY
from tester.intake.gradescope_export import METADATA, gradescope_names
from tester.intake.gradings import holds_only_results
from tester.intake.platforms import Names, Student
from tester.intake.recognition import looks_like_submission
from tester.intake.unpacked import Unpacked
from tester.intake.uploads import HandIn, Upload, names_for
from tester.text import listed, readable_name

# The folder in which Sakai puts what a student handed in.
_SAKAI = "Submission attachment(s)"
# Folders of one student's repository, be there a Raft or an archive in them.
_OF_A_REPOSITORY = {"bin", "data", "doc", "docs", "lib", "logs", "old", "report", "src"}


def hand_ins(
    directory: Path, unpacked: Unpacked, names: Names, notes: list[str]
) -> list[HandIn]:
    """Return what the students of a class handed in, by name.

    Args:
        directory: the class's folder.
        unpacked: the folder, among this grading's results, for what is unpacked.
        names: what the names in it say.
        notes: gets a line for what belongs to no student.
    """
    assert unpacked.directory is not None
    names = replace(names, students=gradescope_names(directory, notes))
    found: dict[Student, HandIn] = {}
    skipped, results = [], []
    links = unpacked.links_in(directory)
    for child in sorted([*directory.iterdir(), *links]):
        name = readable_name(child.name)
        student, upload = names.owner_of(child, name)
        if child in links:  # What it led to may have been a folder.
            upload = replace(upload, is_folder=True)
        may_be_one = names.pattern is None and upload.may_be_one
        if _is_nobodys(child) or not (may_be_one or upload.is_named):
            skipped.append(name)
        elif not upload.is_named and holds_only_results(child, unpacked.directory):
            if not unpacked.directory.is_relative_to(child):
                results.append(name)
        else:
            _hand_in_of(student, child, found).uploads.append(upload)
    for link in unpacked.links_in(directory):
        student, upload = names.owner_of(link, readable_name(link.name))
        _hand_in_of(student, link, found).uploads.append(
            replace(upload, is_folder=True)
        )
    for folder in names.students:
        student_or_none = names.gradescope_student(folder)
        # The export has no folder for those who handed in nothing.
        if student_or_none and not (directory / folder).exists():
            upload = Upload(directory / folder, folder, is_folder=True)
            hand_in = _hand_in_of(student_or_none, upload.path, found)
            hand_in.uploads.append(upload)
    skipped = [name for name in skipped if name not in ("__pycache__", METADATA)]
    where = readable_name(str(directory))
    if skipped:
        notes.append(f"skipped in {where}: {listed(skipped)}")
    if results:
        notes.append(
            f"skipped in {where}, since it holds only results of an earlier grading: "
            f"{listed(results)}"
        )
    for hand_in in found.values():
        keep_last_attempt(hand_in)
    return list(found.values())


def _hand_in_of(student: Student, path: Path, found: dict[Student, HandIn]) -> HandIn:
    possible = names_for(student.name, student.number, path)
    return found.setdefault(student, HandIn(possible))


def holds_many(files: list[PurePosixPath], names: Names) -> bool:
    """Return whether an archive with these files holds those of several students."""
    files = [
        file
        for file in files
        if not set(file.parts) & set(STRAY) and source_tree.may_read(file)
    ]
    if any(_SAKAI in file.parts for file in files):
        return True
    while files:
        top = list(dict.fromkeys(file.parts[0] for file in files))
        if names.is_export(top):
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
        if file.parts[0].lower() not in _OF_A_REPOSITORY
        and (
            (len(file.parts) <= 2 and Upload(Path(file), file.name).is_packed)
            or any(_is_raft(PurePosixPath(*file.parts[i:])) for i in (1, 2))
        )
    }
    return len(students) > 1


def _is_raft(file: PurePosixPath) -> bool:
    """Return whether the folder that holds `file` under this name is a submission."""
    return str(file) in ("raft.py", "__init__.py") or (
        len(file.parts) == 2 and file.parts[0] == "raft" and file.suffix == ".py"
    )


def _is_nobodys(child: Path) -> bool:
    """Return whether no student and no platform would hand in something so named."""
    if child.name in STRAY or child.name[0] in "._":
        return True
    try:
        return _is_made_by_tools(child)
    except OSError:  # What cannot be read is refused as its student's.
        return False


def _is_made_by_tools(child: Path) -> bool:
    if source_tree.is_skipped(child):
        return child.is_dir() and not looks_like_submission(child)
    # An environment may as well be the folder of a student who works in it.
    return source_tree.is_environment(child) and not any(
        file.endswith(".py")
        for _, _, files in source_tree.walk(child)
        for file in files
    )
