"""What the grader shows on the terminal: a table per submission, and one over all."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tester.scoring.grades import Grade, TestGrade
from tester.text import block, one_line
from tester.verdict import Verdict
from tester.versions import PYTHON


def print_submission(console: Console, grade: Grade) -> None:
    """Print one submission's table, and how to replay its failures."""
    name = escape(one_line(grade.submission))
    if grade.load_error:
        console.print(
            f"\n[bold]{name}[/]: {grade.earned}: "
            f"[red]{escape(one_line(grade.load_error))}[/] ({PYTHON})",
            highlight=False,
        )
        evidence = grade.runs[0].evidence if grade.runs else ""
        if evidence:
            console.print(escape(block(evidence)), style="dim", highlight=False)
        return
    table = Table(
        title=f"{name}: {grade.earned}",
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
    return [
        test.first.part,
        test.first.test,
        f"{test.points:g} of {test.points_max:g}",
        f"[{style}]{passed}[/]",
        str(failure.seed) if failure else "",
        escape(one_line(reason)),
    ]


def print_summary(console: Console, grades: list[Grade]) -> None:
    """Print a row per submission."""
    table = Table(title="all submissions", title_justify="left", title_style="bold")
    parts = sorted({part for grade in grades for part in grade.parts})
    table.add_column("submission", overflow="fold")
    for heading in (*parts, "points", "percent", "passed", "failed", "unknown"):
        table.add_column(heading, justify="right", overflow="fold")
    for grade in grades:
        counts = {v: sum(r.verdict is v for r in grade.runs) for v in Verdict}
        table.add_row(
            escape(one_line(grade.submission)),
            *[f"{grade.parts.get(part, 0):g}" for part in parts],
            grade.earned.removesuffix(" points"),
            "" if grade.percent is None else f"{grade.percent:.0f} %",
            *[str(counts[verdict]) for verdict in Verdict],
        )
    console.print()
    console.print(table)
