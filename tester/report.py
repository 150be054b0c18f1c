"""What the grader shows and writes: tables, results.json, grades.csv.

Reads grades and runs only; it does not know how they came about.
"""

import csv
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tester.grades import Grade, TestGrade
from tester.verdict import Verdict

RESULTS_VERSION = 1
REASON_MAX = 300


def write_files(directory: Path, grades: list[Grade]) -> None:
    """Write results.json (every run) and grades.csv (a row per submission)."""
    directory.mkdir(parents=True, exist_ok=True)
    _write_results(directory / "results.json", grades)
    _write_csv(directory / "grades.csv", grades)


def _write_results(file: Path, grades: list[Grade]) -> None:
    results: dict[str, Any] = {
        "version": RESULTS_VERSION,
        "submissions": [
            {
                "submission": grade.submission,
                "path": grade.path,
                "points": grade.points,
                "points_max": grade.points_max,
                "load_error": grade.load_error,
            }
            for grade in grades
        ],
        "runs": [run for grade in grades for run in grade.runs],
    }
    file.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1))


def _write_csv(file: Path, grades: list[Grade]) -> None:
    parts = sorted({part for grade in grades for part in grade.parts})
    with file.open("w", newline="", encoding="utf-8") as out:
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
                    f"{grade.percent:.1f}",
                    *[f"{grade.parts.get(part, 0):g}" for part in parts],
                    sum(
                        test.points_max > 0 and test.failure is None
                        for test in grade.tests
                    ),
                    len(grade.tests),
                    sum(test.unknown for test in grade.tests),
                    _harmless(_first_reason(grade)),
                    _harmless(grade.path),
                ]
            )


def _harmless(text: str) -> str:
    """Keep a spreadsheet from reading a student's text as a formula."""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _first_reason(grade: Grade) -> str:
    failures = [test.failure for test in grade.tests if test.failure]
    return grade.load_error or (failures[0].reason if failures else "")


def print_submission(console: Console, grade: Grade) -> None:
    """Print one submission's table, and how to replay its failures."""
    if grade.load_error:
        console.print(
            f"\n[bold]{escape(grade.submission)}[/]: "
            f"0 of {grade.points_max:g} points: [red]{escape(grade.load_error)}[/]",
            highlight=False,
        )
        evidence = grade.runs[0].evidence if grade.runs else ""
        if evidence:
            console.print(escape(evidence), style="dim", highlight=False)
        return
    table = Table(
        title=f"{escape(grade.submission)}: {grade.points:g} of {grade.points_max:g} points",
        title_justify="left",
        title_style="bold",
    )
    for heading in ("part", "test", "points", "passed", "first failing seed", "reason"):
        right = heading in ("points", "passed", "first failing seed")
        table.add_column(heading, justify="right" if right else "left", overflow="fold")
    for test in grade.tests:
        table.add_row(*_row(test))
    console.print()
    console.print(table)
    failures = [test.failure for test in grade.tests if test.failure]
    if failures:
        console.print("replay a failure with its command:")
    for run in failures:
        console.print(escape(run.replay), soft_wrap=True, highlight=False, style="cyan")


def _row(test: TestGrade) -> list[str]:
    failure = test.failure
    reason = failure.reason if failure else ""
    if test.unknown:
        unknown = next(run for run in test.runs if run.verdict is Verdict.UNKNOWN)
        reason = reason or f"unknown: {unknown.reason}"
    passed = f"{test.passed} of {len(test.runs)}"
    if test.unknown:
        passed += f", {test.unknown} unknown"
    style = "red" if failure else "yellow" if test.unknown else "green"
    if len(reason) > REASON_MAX:
        reason = reason[:REASON_MAX] + "…"
    return [
        test.first.part,
        test.first.test,
        f"{test.points:g} of {test.points_max:g}",
        f"[{style}]{passed}[/]",
        str(failure.seed) if failure else "",
        escape(reason),
    ]


def print_summary(console: Console, grades: list[Grade]) -> None:
    """Print a row per submission."""
    table = Table(title="all submissions", title_justify="left", title_style="bold")
    parts = sorted({part for grade in grades for part in grade.parts})
    table.add_column("submission", overflow="fold")
    for heading in (*parts, "points", "percent", "passed", "failed", "unknown"):
        table.add_column(heading, justify="right")
    for grade in grades:
        counts = {v: sum(r.verdict is v for r in grade.runs) for v in Verdict}
        table.add_row(
            escape(grade.submission),
            *[f"{grade.parts.get(part, 0):g}" for part in parts],
            f"{grade.points:g} of {grade.points_max:g}",
            f"{grade.percent:.0f} %",
            *[str(counts[verdict]) for verdict in Verdict],
        )
    console.print()
    console.print(table)
