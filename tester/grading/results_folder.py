"""The folder for results, which may lie in a folder that a student has filled.

Grading in a clone of a student's repository writes there by default. A link in the way
could lead the results, and so a student's words, to any file of the person who grades.
"""

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from tester.errors import UsageError
from tester.grading import journal
from tester.intake.gradings import UNPACKED
from tester.reports.files import SUBMISSIONS


def refuse_links(directory: Path, graded: Iterable[str]) -> None:
    """Raise UsageError if a link would lead results elsewhere.

    Args:
        directory: where results are to go. A person may name a link on purpose, unless
            it lies in what is graded.
        graded: the paths that are graded.
    """
    directory = Path(os.path.abspath(directory))
    folders = [Path(path).resolve() for path in graded]
    for place in (directory, *directory.parents):
        if place.is_symlink():
            around = place.parent.resolve()
            if any(around.is_relative_to(folder) for folder in folders):
                _refuse(place)
    for folder in (directory / SUBMISSIONS, directory / UNPACKED):
        if folder.is_symlink():
            _refuse(folder)
        for child in folder.iterdir() if folder.is_dir() else ():
            if child.is_symlink():
                _refuse(child)
    file = directory / journal.FILE
    if os.path.lexists(file) and not stat.S_ISREG(os.lstat(file).st_mode):
        _refuse(file)


def _refuse(place: Path) -> None:
    raise UsageError(
        f"--out: {place} is a link or no regular file, and could lead results anywhere: "
        "move it away, or choose another --out"
    )
