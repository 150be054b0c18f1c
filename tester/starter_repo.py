"""`grade.py new DIR`: writes a student's starter repository."""

import shutil
from pathlib import Path

from tester.suite import UsageError

TEMPLATE = Path(__file__).resolve().parent / "starter"


def write_starter(directory: Path) -> None:
    """Copy the starter into a directory that is new or empty.

    Raises:
        UsageError: something is there already.
    """
    new_directory(directory)
    try:
        shutil.copytree(
            TEMPLATE,
            directory,
            dirs_exist_ok=True,
            ignore=shutil.ignore_patterns("__pycache__", "*.pyc"),
        )
    except OSError as exc:
        raise cannot_write(directory, exc) from None


def cannot_write(directory: Path, exc: OSError) -> UsageError:
    """Return the error that says so of a directory that was to be made."""
    reason = exc.strerror or exc
    return UsageError(f"cannot write {directory}: {reason}: name another directory")


def new_directory(directory: Path) -> None:
    """Make sure that a directory is new or empty: nothing is ever overwritten.

    Raises:
        UsageError: something is there already.
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise UsageError(f"{directory} exists and is not empty: name a new directory")
