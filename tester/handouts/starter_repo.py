"""A student's starter repository: `raft-lab new DIR`, for lab 3 with `--lab 3`.

The documents come from the root of the lab's repository; everything else is a template.
"""

import shutil
from collections.abc import Iterable
from pathlib import Path

from tester.errors import UsageError
from tester.handouts.starter_documents import documents_of, text_for_starter

HERE = Path(__file__).resolve().parent
# What the starters of all labs have, for editors, containers and GitHub.
SHARED = HERE / "starter_shared"
# By the number of the lab.
TEMPLATES = {2: HERE / "starter", 3: HERE / "starter_kv"}
# Where a wheel keeps the files from the root of the repository.
KEPT_IN_WHEEL = HERE.parent / "lab_files"


def write_starter(directory: Path, lab: int = 2) -> None:
    """Copy a lab's starter and its documents into a directory that is new or empty.

    Raises:
        UsageError: the directory is not empty.
    """
    new_directory(directory)
    try:
        for template in (SHARED, TEMPLATES[lab]):
            shutil.copytree(
                template,
                directory,
                dirs_exist_ok=True,
                ignore=shutil.ignore_patterns("__pycache__", "*.pyc"),
            )
        for name in documents_of(lab):
            text = text_for_starter(root_file(name).read_text("utf-8"), lab)
            (directory / name).write_text(text, "utf-8")
    except OSError as exc:
        raise cannot_write(directory, exc) from None


def root_file(name: str) -> Path:
    """Return where a file of the lab lies that belongs to no package."""
    return (KEPT_IN_WHEEL if KEPT_IN_WHEEL.is_dir() else HERE.parents[1]) / name


def copy_root_files(names: Iterable[str], directory: Path) -> None:
    """Copy files of the lab that belong to no package, with their folders."""
    for name in names:
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root_file(name), directory / name)


def cannot_write(directory: Path, exc: OSError) -> UsageError:
    """Return the error for a directory that cannot be written."""
    reason = exc.strerror or exc
    return UsageError(f"cannot write {directory}: {reason}: name another directory")


def new_directory(directory: Path) -> None:
    """Check that a directory is new or empty: nothing is ever overwritten.

    Raises:
        UsageError: the directory is not empty.
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise UsageError(f"{directory} exists and is not empty: name a new directory")
