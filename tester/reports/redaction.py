"""Removing what a student may not see from the text of a run.

That is where the submission, Python and the lab lie on the grading machine, and hidden
seeds.
"""

import os
import re
import sysconfig
from functools import cache
from pathlib import Path

from tester.scoring.grades import Grade
from tester.verdict import Run

HIDDEN = "(hidden)"


def for_the_student(text: str, grade: Grade, run: Run) -> str:
    """Return the text of a run without paths of this machine and hidden seeds."""
    text = without_paths(text, grade)
    if run.hidden:
        text = re.sub(rf"(?<!\d){run.seed}(?!\d)", HIDDEN, text)
    return text


def without_paths(text: str, grade: Grade) -> str:
    """Return a text about a submission without paths of this machine.

    So equal reasons of different submissions are equal.
    """
    path = grade.path
    if path:
        text = text.replace(f"{path}/", "").replace(path, path.rpartition("/")[2])
    for folder in _code_folders():
        text = text.replace(folder, "")
    return text


@cache
def _code_folders() -> list[str]:
    """Return the folders of Python's and the lab's own modules, inner folders first."""
    places = [sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")]
    places.append(str(Path(__file__).parents[2]))  # The lab's own.
    places += [os.path.realpath(place) for place in places]
    return sorted({f"{place}/" for place in places}, key=len, reverse=True)
