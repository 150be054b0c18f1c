"""grades.csv: a row per submission, for a spreadsheet."""

import csv
import io

from tester.reports.texts import one_line
from tester.scoring.grades import Grade

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
                _harmless(grade.submission),
                f"{grade.points:g}",
                f"{grade.points_max:g}",
                "" if grade.percent is None else f"{grade.percent:.1f}",
                *[f"{grade.parts.get(part, 0):g}" for part in parts],
                sum(
                    test.points_max > 0 and test.failure is None for test in grade.tests
                ),
                len(grade.tests),
                sum(test.unknown for test in grade.tests),
                _harmless(_first_reason(grade)),
                _harmless(grade.path),
            ]
        )
    return out.getvalue().encode()


def _harmless(text: str) -> str:
    """Keep a spreadsheet from reading a student's text as a formula, or as two cells."""
    text = one_line(text, CELL_MAX)
    return "'" + text if text[:1] in ("=", "+", "-", "@") else text


def _first_reason(grade: Grade) -> str:
    failures = [test.failure for test in grade.tests if test.failure]
    if grade.load_error or failures:
        return grade.load_error or failures[0].reason
    ungraded = [test.first for test in grade.tests if not test.graded]
    return f"no verdict: {ungraded[0].reason}" if ungraded else ""
