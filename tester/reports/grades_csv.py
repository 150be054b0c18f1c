"""grades.csv: a row per submission, for a spreadsheet."""

import csv
import io

from tester.reports.parts import part_names, part_points
from tester.reports.redaction import without_paths
from tester.scoring.grades import Grade
from tester.text import csv_cell
from tester.verdict import Verdict

CELL_MAX = 1_000


def grades_csv(grades: list[Grade]) -> bytes:
    """Return the file's content.

    It begins with a byte order mark: without one, Excel takes UTF-8 for the encoding of
    its Windows, and no umlaut is right.
    """
    parts = part_names(grades)
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(
        ["submission", "points", "points_at_most", "points_max", "percent", *parts,
         "tests_passed", "tests", "unknown_runs", "safety", "first_reason", "path"]
    )  # fmt: skip
    for grade in grades:
        outcomes = [test.outcome for test in grade.tests]
        writer.writerow(
            [
                csv_cell(grade.submission, CELL_MAX),
                f"{grade.points:g}",
                f"{grade.points_most:g}",
                f"{grade.points_max:g}",
                "" if grade.percent is None else f"{grade.percent:.1f}",
                *[f"{points:g}" for points in part_points(grade, parts)],
                sum(test.verdict is Verdict.PASSED for test in outcomes),
                len(grade.tests),
                sum(test.counts.unknown for test in outcomes),
                csv_cell(_safety(grade), CELL_MAX),
                csv_cell(without_paths(_first_reason(grade), grade), CELL_MAX),
                csv_cell(grade.path, CELL_MAX),
            ]
        )
    return out.getvalue().encode("utf-8-sig")


def _safety(grade: Grade) -> str:
    """Return the codes of the properties that were broken, each with its first run."""
    return "; ".join(
        f"{breach.code.name}: {breach.run.test} at seed {breach.run.seed}"
        for breach in grade.safety_record
    )


def _first_reason(grade: Grade) -> str:
    if grade.load_error:
        return grade.load_error
    run = grade.first_not_passed
    if run is None:
        return ""
    return f"no verdict: {run.reason}" if run.verdict is Verdict.UNKNOWN else run.reason
