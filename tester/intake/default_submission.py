"""What is tested where nobody has named a submission."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

from labrpc.submission.submission import candidates

# What lies at the top of a project.
_AT_THE_TOP = ("pyproject.toml", ".git")
REFERENCE = Path(__file__).resolve().parents[2] / "raft"


def default_submission(root: Path, is_students: bool, directory: Path) -> Path:
    """Return what to test where nobody has named a submission.

    pytest takes its root from the paths that it is given, so who names a graded test by
    its place moves the root to the lab. The Raft that lies where the person is counts
    all the same; the reference is tested only where there is none.

    Args:
        root: of the pytest session.
        is_students: whether the lab's plugin is switched on for it, as in the starter.
        directory: where pytest was started.
    """
    if is_students and _is_students(root) and candidates(root):
        return root
    for folder in _enclosing(directory):
        if (candidates(folder) or _is_starter(folder)) and _is_students(folder):
            return folder
    return root if is_students and _is_students(root) else REFERENCE


def _is_students(folder: Path) -> bool:
    """Return whether a folder is not the lab's own repository."""
    return folder / "raft" != REFERENCE


def _enclosing(directory: Path) -> Iterator[Path]:
    """Yield a folder and those around it, up to the top of the project.

    Leaves out packages: the folder around a package is what a person works in.
    """
    inside = [directory, *directory.parents]
    tops = (d for d in inside if any((d / name).exists() for name in _AT_THE_TOP))
    for folder in inside[: inside.index(next(tops, directory)) + 1]:
        if folder.name != "raft" or not candidates(folder.parent):
            yield folder


def _is_starter(folder: Path) -> bool:
    """Return whether pytest runs the graded suite in a folder, as in the starter."""
    try:
        text = (folder / "pyproject.toml").read_text(encoding="utf-8")
        settings = tomllib.loads(text)["tool"]["pytest"]["ini_options"]
        return "--lab" in settings["addopts"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
