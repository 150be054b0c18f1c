"""Finding the folder that matters in an upload.

That is the class's, the student's, or the one that holds the Raft: people pack folders
into folders, and so do platforms.
"""

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from labrpc.submission.source_tree import DEPTH_MAX, is_skipped, walk
from tester.intake.archives import names_in
from tester.intake.class_folders import holds_many
from tester.intake.file_names import STRAY, is_archive
from tester.intake.gradings import holds_only_results
from tester.intake.platforms import Names
from tester.intake.recognition import looks_like_submission
from tester.intake.refusals import RefusedArchive
from tester.intake.uploads import hand_in_at


def outermost(start: Path, unpack_to: Path, names: Names) -> Path:
    """Return the folder in which the students' files lie side by side.

    Or the archive that holds them all; `start` itself if they are not packed further.
    A table or a page that a platform writes may lie beside.

    Args:
        start: a folder.
        unpack_to: the folder for what is unpacked, among this grading's results, which
            may lie beside the students' files.
        names: what the names in an export say.
    """
    path = start
    for _ in range(DEPTH_MAX):
        if names.is_export(child.name for child in path.iterdir()):
            return path
        child = _only(
            child
            for child in path.iterdir()
            if hand_in_at(child).uploads[0].may_be_one
            and not holds_only_results(child, unpack_to)
        )
        if child is not None and child.is_file():
            return child if is_class(child, names) else start
        if child is None or child.is_symlink() or not child.is_dir():
            return path if path != start and is_class(path, names) else start
        if looks_like_submission(child):
            return start
        path = child
    return start


def students_beside(directory: Path) -> list[str]:
    """Return the folders in a folder that look like submissions of their own."""
    return [
        child.name
        for child in sorted(directory.iterdir())
        if child.name != "raft" and _is_students(child)
    ]


def _is_students(child: Path) -> bool:
    try:
        return (
            child.is_dir()
            and not child.is_symlink()
            and not is_skipped(child)
            and not (child / "__init__.py").exists()
            and looks_like_submission(child)
        )
    except OSError:  # A folder that cannot be read counts as no student's.
        return False


def _files(directory: Path) -> list[PurePosixPath]:
    return [
        PurePosixPath((place / name).relative_to(directory))
        for place, _, files in walk(directory)
        for name in files
    ]


def is_class(path: Path, names: Names) -> bool:
    """Return whether a folder or an archive looks like that of several students."""
    if path.is_dir():
        return holds_many(_files(path), names)
    try:
        return is_archive(path) and holds_many(names_in(path), names)
    except RefusedArchive:
        return False


def innermost(directory: Path) -> Path:
    """Return the folder that the student packed, below folders that hold only one."""
    for _ in range(DEPTH_MAX):
        child = _only(directory.iterdir())
        if looks_like_submission(directory):
            break
        # A link could lead to another student's.
        if child is None or child.is_symlink() or not child.is_dir():
            break
        directory = child
    return directory


def repository_in(directory: Path) -> Path:
    """Return the student's repository in what was packed or dragged into `directory`.

    That is the directory itself if its content was packed, or the only folder in it.
    """
    child = _only(directory.iterdir())
    if looks_like_submission(directory) or child is None or child.is_symlink():
        return directory
    # Neither a file nor one of these is a whole repository.
    is_part = (
        not child.is_dir() or child.name == "src" or (child / "__init__.py").is_file()
    )
    return directory if is_part else child


def packages_below(directory: Path, package: str) -> list[Path]:
    """Return the folders at any depth that hold a package or module of this name."""
    found = []
    for place, folders, files in walk(directory):
        is_there = package in folders and any(place.glob(f"{package}/*.py"))
        if is_there or f"{package}.py" in files:
            found.append(place)
            folders.clear()
    return found


def python_below(directory: Path) -> list[Path]:
    """Return the Python files at any depth that could be a submission."""
    return [
        place / name
        for place, _, files in walk(directory)
        for name in files
        if name.lower().endswith(".py")
        and not name.startswith(".")
        and (place / name).is_file()
        and not (place / name).is_symlink()
    ]


def archives_below(directory: Path) -> list[Path]:
    """Return the archives at any depth."""
    return [
        place / name
        for place, _, files in walk(directory)
        for name in files
        if is_archive(place / name) and not (place / name).is_symlink()
    ]


def _only(children: Iterable[Path]) -> Path | None:
    """Return the only file or folder beside those that operating systems add."""
    children = [child for child in children if child.name not in STRAY]
    return children[0] if len(children) == 1 else None
