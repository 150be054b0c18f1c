"""The tables that the grader prints: a summary, and one per submission if asked for."""

import io
from textwrap import indent

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tester.outcome import VerdictCounts
from tester.reports.parts import part_names, part_points
from tester.reports.redaction import without_paths
from tester.scoring.grades import Grade, TestGrade
from tester.text import block, listed, one_line
from tester.verdict import REPLAY_CHARS_MAX, Verdict
from tester.versions import PYTHON

# More submissions than this are printed as the summary only.
DETAILED_MAX = 3
DETAILS_COLUMNS = 160
# Narrower terminals have no room for a column per part, nor for long reasons.
WIDE_COLUMNS_MIN = 120
FIRST_REASON_MAX = 100
FIRST_REASON_NARROW_MAX = 60
_STYLES = {Verdict.PASSED: "green", Verdict.FAILED: "red", Verdict.UNKNOWN: "yellow"}


def print_grades(
    console: Console, grades: list[Grade], *, verbose: bool = False
) -> bool:
    """Print a summary, and before it the details if they are few or asked for.

    Returns whether the details were printed.
    """
    detailed = verbose or len(grades) <= DETAILED_MAX
    if detailed:
        _print_details(console, grades)
    _print_summary(console, grades)
    return detailed


def details_text(grades: list[Grade]) -> bytes:
    """Return what `print_grades` prints with the details, for a file."""
    out = io.StringIO()
    console = Console(file=out, width=DETAILS_COLUMNS, emoji=False)
    print_grades(console, grades, verbose=True)
    return out.getvalue().encode()


def _print_details(console: Console, grades: list[Grade]) -> None:
    """Print each submission's table, and why others do not load."""
    for grade in grades:
        if not grade.load_error:
            _print_submission(console, grade)
    for (error, evidence), alike in _not_loaded(grades).items():
        names = escape(listed([one_line(grade.submission) for grade in alike]))
        console.print(
            f"\n[bold]{names}[/]: {alike[0].earned}: [red]{escape(error)}[/] ({PYTHON})",
            highlight=False,
            soft_wrap=True,
        )
        if evidence:
            # Indented and not wrapped: what a submission wrote begins no line.
            shown = escape(indent(evidence, "    "))
            console.print(shown, style="dim", highlight=False, soft_wrap=True)


def _not_loaded(grades: list[Grade]) -> dict[tuple[str, str], list[Grade]]:
    """Return the submissions that do not load, by reason and evidence."""
    found: dict[tuple[str, str], list[Grade]] = {}
    for grade in grades:
        if load := grade.load_result:
            error = one_line(without_paths(grade.load_error, grade))
            evidence = block(without_paths(load.evidence, grade))
            found.setdefault((error, evidence), []).append(grade)
    return found


def _print_submission(console: Console, grade: Grade) -> None:
    """Print one submission's table, and the replay commands of its failures."""
    name = escape(one_line(grade.submission))
    table = Table()
    for heading in ("part", "test", "points", "passed", "first failing seed", "reason"):
        right = heading in ("points", "passed", "first failing seed")
        table.add_column(heading, justify="right" if right else "left", overflow="fold")
    for test in grade.tests:
        table.add_row(*_row(test))
    heading = f"\n[bold]{name}: {grade.earned}[/]"
    console.print(heading, highlight=False, soft_wrap=True)
    for breach in grade.safety_record:
        console.print(
            f"[red]breaks safety[/]: {breach.property}: {breach.code.name}, first in "
            f"{breach.run.test} at seed {breach.run.seed}",
            highlight=False,
            soft_wrap=True,
        )
    console.print(table)
    outcomes = [test.outcome for test in grade.tests]
    failures = [o.first_failure for o in outcomes if o.first_failure]
    if failures:
        console.print("replay commands of the failures:")
    for run in failures:
        replay = escape(one_line(run.replay, REPLAY_CHARS_MAX))
        console.print(replay, soft_wrap=True, highlight=False, style="cyan")


def _row(test: TestGrade) -> list[str]:
    outcome, counts = test.outcome, test.outcome.counts
    failure, unknown = outcome.first_failure, outcome.first_unknown
    reason = failure.reason if failure else ""
    passed = f"{counts.passed} of {counts.total}"
    if unknown:
        reason = reason or f"unknown: {unknown.reason}"
        passed += f", {counts.unknown} unknown"
    if test.sample is not None and counts.total < test.sample.seeds:
        passed += f" (up to {test.sample.seeds})"
    style = _STYLES[outcome.verdict]
    return [
        outcome.part,
        outcome.test,
        test.earned,
        f"[{style}]{passed}[/]",
        str(failure.seed) if failure else "",
        escape(one_line(reason)),
    ]


def _percent(grade: Grade) -> str:
    if grade.percent is None or grade.percent_most is None:
        return ""
    if grade.is_range:
        return f"{grade.percent:.0f} to {grade.percent_most:.0f} %"
    return f"{grade.percent:.0f} %"


def _print_summary(console: Console, grades: list[Grade]) -> None:
    """Print a row per submission."""
    table = Table(title="all submissions", title_justify="left", title_style="bold")
    wide = console.width >= WIDE_COLUMNS_MIN
    parts = part_names(grades) if wide else []
    table.add_column("submission", overflow="fold")
    for heading in (*parts, "points", "percent", "passed"):
        table.add_column(heading, justify="right", overflow="fold")
    table.add_column("first reason", overflow="fold")
    for grade in grades:
        table.add_row(
            escape(one_line(grade.submission)),
            *[f"{points:g}" for points in part_points(grade, parts)],
            grade.earned.removesuffix(" points"),
            _percent(grade),
            _runs_passed(grade),
            _first_reason(grade, FIRST_REASON_MAX if wide else FIRST_REASON_NARROW_MAX),
        )
    console.print()
    console.print(table)


def _runs_passed(grade: Grade) -> str:
    """Return how many runs passed, in the colour of the submission's verdict."""
    counts = VerdictCounts.of(run.verdict for run in grade.runs)
    words = f"{counts.passed} of {counts.total}"
    if counts.unknown:
        words += f", {counts.unknown} unknown"
    return f"[{_STYLES[counts.verdict]}]{words}[/]"


def _first_reason(grade: Grade, characters_max: int) -> str:
    """Return which safety properties it broke, and the reason of its first bad run."""
    if grade.load_error:
        error = without_paths(grade.load_error, grade)
        return f"does not load: {escape(one_line(error, characters_max))}"
    breaches = ", ".join(breach.code.name for breach in grade.safety_record)
    words = f"[red]breaks safety[/]: {breaches}; " if breaches else ""
    if run := grade.first_not_passed:
        reason = escape(one_line(run.reason, characters_max))
        words += f"{run.test.removeprefix('test_')}: {reason}"
    return words
