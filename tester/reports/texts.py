"""Texts that a submission has had a hand in, made fit to be shown.

A name, a reason or a printed line may hold anything: terminal codes, a megabyte
without a line break, halves of characters, marks that turn the text around them.
"""

import os
import platform
import re
import sysconfig
from functools import cache
from pathlib import Path

from tester.scoring.grades import Grade
from tester.verdict import Run

REASON_MAX = 300
LINE_MAX = 400
EVIDENCE_MAX = 6_000
HIDDEN = "(hidden)"
# What does not load here may do so on another one.
PYTHON = f"Python {platform.python_version()}"

_TERMINAL_CODE = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours, cursor
    r"|\x1b\][^\x07\x1b]{0,1000}(?:\x07|\x1b\\)"  # titles, links
    r"|\x1b[ -/]*[0-~]"
)
# What XML 1.0 has no place for, halves of surrogate pairs, and marks that turn
# the direction of a text, with which it can be made to read as another.
_UNFIT = re.compile(
    "[^\t\n\x20-\x7e\xa0-\u200d\u2010-\u2027\u202f-\u2065\u206a-\ud7ff"
    "\ue000-\ufffd\U00010000-\U0010ffff]"
)


def clean(text: str) -> str:
    """Return text without what a page, a terminal or XML cannot hold."""
    text = _TERMINAL_CODE.sub("", text)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNFIT.sub("\ufffd", text)


def one_line(text: str, characters_max: int = REASON_MAX) -> str:
    """Return clean text on one line, cut where it is too long."""
    # Cut first: a megabyte is not to be looked through for the sake of its head.
    text = " ".join(clean(text[: 4 * characters_max]).split())
    return text if len(text) <= characters_max else text[:characters_max] + "…"


def block(text: str, characters_max: int = EVIDENCE_MAX) -> str:
    """Return clean text with its lines, each of them and all together cut."""
    lines: list[str] = []
    left = characters_max
    for line in clean(text[: 4 * characters_max]).splitlines():
        shown = line if len(line) <= LINE_MAX else line[:LINE_MAX] + "…"
        if len(shown) > left:
            return "\n".join([*lines, "…"])
        lines.append(shown)
        left -= len(shown) + 1
    return "\n".join(lines) + ("\n…" if len(text) > 4 * characters_max else "")


def earned(grade: Grade) -> str:
    """Return what a submission has earned, in words."""
    points = f"{round(grade.points, 2):g}"
    if grade.only_extra:
        return f"{points} extra points"
    return f"{points} of {round(grade.points_max, 2):g} points"


def for_the_student(text: str, grade: Grade, run: Run) -> str:
    """Return text of a run without what is not the student's to know.

    That is where the submission, Python and the lab lie on the grading machine, and
    a hidden seed.
    """
    path = grade.path
    if path:
        text = text.replace(f"{path}/", "").replace(path, path.rpartition("/")[2])
    for folder in _code_folders():
        text = text.replace(folder, "")
    if run.hidden:
        text = re.sub(rf"(?<!\d){run.seed}(?!\d)", HIDDEN, text)
    return text


@cache
def _code_folders() -> list[str]:
    """Return where modules lie that are none of a submission's: inner folders first."""
    places = [sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")]
    places.append(str(Path(__file__).parents[2]))  # The lab's own.
    places += [os.path.realpath(place) for place in places]
    return sorted({f"{place}/" for place in places}, key=len, reverse=True)
