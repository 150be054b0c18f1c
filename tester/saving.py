"""The files of a grading that goes on: at every moment they show what is known.

An outer time limit may end the grader without a word.
"""

from pathlib import Path

from labrpc.real_time import Deadline
from tester.grader import Grading
from tester.report import write_files

# Writing the results of a large class takes seconds, so that the pauses grow.
PAUSE_S_MIN = 1.0
PAUSE_S_MAX = 60.0


class Saving:
    """Writes results of a grading to a directory."""

    def __init__(self, directory: Path, grading: Grading) -> None:
        self._directory = directory
        self._grading = grading
        self._pause_s = PAUSE_S_MIN
        self.save()

    def look(self) -> None:
        """Write the files if they are old."""
        if self._due.left_s() <= 0:
            self.save()

    def save(self) -> None:
        """Write the files as things stand."""
        write_files(self._directory, self._grading.grades())
        self._due = Deadline(self._pause_s)
        self._pause_s = min(2 * self._pause_s, PAUSE_S_MAX)
