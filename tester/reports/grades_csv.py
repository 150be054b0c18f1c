"""grades.csv: a row per submission, for a spreadsheet."""

import csv
import io

from tester.scoring.grades import Grade
from tester.text import csv_cell

CELL_MAX = 1_000


def grades_csv(grades: list[Grade]) -> bytes:
    """Return the file's content."""
    parts = sorted({part for grade in grades for part in grade.parts})
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(
        ["submission", "points", "points_max", "percent", *parts,
         "tests_passed", "tests", "unknown_runs", "first_reason", "path"]
    )  # fmt: skip
    for grade in grades:
        writer.writerow(
            [
                csv_cell(grade.submission, CELL_MAX),
                f"{grade.points:g}",
                f"{grade.points_max:g}",
                "" if grade.percent is None else f"{grade.percent:.1f}",
                *[f"{grade.parts.get(part, 0):g}" for part in parts],
                sum(
                    test.points_max > 0 and test.failure is None for test in grade.tests
                ),
                len(grade.tests),
                sum(test.unknown for test in grade.tests),
                csv_cell(_first_reason(grade), CELL_MAX),
                csv_cell(grade.path, CELL_MAX),
            ]
        )
    return out.getvalue().encode()


def _first_reason(grade: Grade) -> str:
    failures = [test.failure for test in grade.tests if test.failure]
    if grade.load_error or failures:
        return grade.load_error or failures[0].reason
    ungraded = [test.first for test in grade.tests if not test.graded]
    return f"no verdict: {ungraded[0].reason}" if ungraded else ""
