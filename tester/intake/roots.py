"""Which folder is meant: a class's, a student's, or the one in which the Raft lies.

People pack folders into folders, and platforms do.
"""

from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from labrpc.submission.source_tree import walk
from labrpc.submission.submission import Submission
from tester.intake.archives import STRAY, RefusedArchive, is_archive, names
from tester.intake.platforms import holds_many, is_export, is_grading


def outermost(start: Path, besides: Path) -> Path:
    """Return the folder in which the students' files lie side by side.

    Or the archive that holds them all; `start` itself if nobody packed them once more.

    Args:
        start: a folder.
        besides: where the results go, which may lie beside the students' files.
    """
    path = start
    while not is_export(child.name for child in path.iterdir()):
        child = _only([c for c in path.iterdir() if not _is_results(c, besides)])
        if child is not None and child.is_file():
            return child if _is_class(child) else start
        if child is None or child.is_symlink():
            return path if path != start and holds_many(_files(path)) else start
        if Submission.looks_like_one(child):
            return start
        path = child
    return path


def _is_results(child: Path, besides: Path) -> bool:
    return besides.is_relative_to(child) or is_grading(child)


def _files(directory: Path) -> list[PurePosixPath]:
    return [
        PurePosixPath((place / name).relative_to(directory))
        for place, _, files in walk(directory)
        for name in files
    ]


def _is_class(file: Path) -> bool:
    """Return whether a file is an archive of several students."""
    try:
        return is_archive(file) and holds_many(names(file))
    except RefusedArchive:
        return False


def innermost(directory: Path) -> Path:
    """Return the folder that the student packed: below folders that hold only one."""
    while not Submission.looks_like_one(directory):
        child = _only(directory.iterdir())
        # A link could lead to somebody else's.
        if child is None or child.is_symlink() or not child.is_dir():
            break
        directory = child
    return directory


def below_outer(directory: Path) -> Path:
    """Return the folder that was packed or dragged, rather than what it held."""
    child = _only(directory.iterdir())
    if Submission.looks_like_one(directory) or child is None or child.is_symlink():
        return directory
    # Neither a file nor one of these is a whole repository.
    is_part = (
        child.is_file() or child.name == "src" or (child / "__init__.py").is_file()
    )
    return directory if is_part else child


def rafts_below(directory: Path) -> list[Path]:
    """Return the folders further down that hold a `raft/` or a `raft.py`."""
    found = []
    for place, folders, files in walk(directory):
        if "raft.py" in files or ("raft" in folders and any(place.glob("raft/*.py"))):
            found.append(place)
            folders.clear()
    return found


def python_below(directory: Path) -> list[Path]:
    """Return the Python files in a folder that could be a submission's."""
    return [
        place / name
        for place, _, files in walk(directory)
        for name in files
        if name.lower().endswith(".py")
        and not name.startswith(".")
        and (place / name).is_file()
        and not (place / name).is_symlink()
    ]


def _only(entries: Iterable[Path]) -> Path | None:
    """Return the file or folder that is the only one beside what is nobody's."""
    entries = [entry for entry in entries if entry.name not in STRAY]
    return entries[0] if len(entries) == 1 else None
