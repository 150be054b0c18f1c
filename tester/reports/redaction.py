"""Removing what a student may not see from the text of a run.

That is where the submission, Python and the lab lie on the grading machine, and hidden
seeds.
"""

import re

from tester.judging.failure_report import SCENARIO_STEP
from tester.scoring.grades import Grade
from tester.verdict import Run
from tester.views.redaction import without_places

HIDDEN = "(hidden)"


def for_the_student(text: str, grade: Grade, run: Run) -> str:
    """Return the text of a run without paths of this machine, and without secrets.

    Those are hidden seeds, and lines of hidden tests.
    """
    text = without_paths(text, grade)
    if run.hidden_test:
        lines = text.split("\n")
        text = "\n".join(line for line in lines if not line.startswith(SCENARIO_STEP))
    if run.hidden:
        text = re.sub(rf"(?<!\d){run.seed}(?!\d)", HIDDEN, text)
    return text


def without_paths(text: str, grade: Grade) -> str:
    """Return a text about a submission without paths of this machine.

    So equal reasons of different submissions are equal.
    """
    return without_places(text, grade.path)
