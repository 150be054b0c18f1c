"""The files of a grading under way: at every moment they show what is known.

An outer time limit may end the grader without warning.
"""

from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from labrpc.machine.wall_clock import Deadline
from tester.errors import UsageError, is_disk_trouble
from tester.grading.grader import Grading
from tester.intake.similarity import similar_pairs
from tester.reports import write_files, write_submission_files
from tester.scoring.grades import Grade

# Writing the results of a large class takes seconds, so that the pauses grow.
PAUSE_S_MIN = 1.0
PAUSE_S_MAX = 60.0


@contextmanager
def named_if_in_the_way(directory: Path) -> Iterator[None]:
    """Raise UsageError if something else lies where the block has to write."""
    try:
        yield
    except OSError as exc:
        if is_disk_trouble(exc):
            raise
        raise UsageError(
            f"--out: cannot write {exc.filename or directory}: {exc.strerror}: move it "
            "away, or choose another --out"
        ) from None


class Checkpoints:
    """Writes the results of a grading to a directory while it is under way.

    Args:
        directory: where the results go.
        grading: has them.
        handed_out: code that all have been given, which makes no two of them alike.
    """

    def __init__(
        self, directory: Path, grading: Grading, handed_out: Sequence[Path] = ()
    ) -> None:
        self._directory = directory
        self._grading = grading
        self._handed_out = handed_out
        self._pause_s = PAUSE_S_MIN
        self._complete: set[str] = set()
        self._save_class(grading.record.grades())

    def update(self, name: str) -> None:
        """Write a submission's files once it is complete, the class's from time to time."""
        if name not in self._complete and self._grading.is_complete(name):
            self._complete.add(name)
            with named_if_in_the_way(self._directory):
                write_submission_files(
                    self._directory, self._grading.record.grade(name)
                )
        if self._due.left_s() <= 0:
            self._save_class(self._grading.record.grades())

    def save(self) -> None:
        """Write all files, for the last time."""
        grades = self._grading.record.grades()
        write_finished(self._directory, grades, self._handed_out)

    def _save_class(self, grades: list[Grade]) -> None:
        with named_if_in_the_way(self._directory):
            write_files(self._directory, grades, under_way=True)
        self._due = Deadline(self._pause_s)
        self._pause_s = min(2 * self._pause_s, PAUSE_S_MAX)


def write_finished(
    directory: Path,
    grades: list[Grade],
    handed_out: Sequence[Path] = (),
    not_compared: Container[str] = (),
) -> None:
    """Write all files of a grading, for the last time.

    Args:
        directory: where the results go.
        grades: one per submission.
        handed_out: code that all have been given, which makes no two of them alike.
        not_compared: submissions whose code is not here.
    """
    distinct = {
        grade.submission: Path(grade.path)
        for grade in grades
        if not grade.same_as and grade.submission not in not_compared
    }
    similar = similar_pairs(distinct, handed_out)
    with named_if_in_the_way(directory):
        write_files(directory, grades, similar)
        for grade in grades:
            write_submission_files(directory, grade)
