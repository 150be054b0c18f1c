"""Printing grades, and the exit status that they lead to, for `grade` and `merge`."""

from pathlib import Path

from rich.console import Console

from tester.cli.command import ExitStatus
from tester.console import say
from tester.grading.checkpoints import named_if_in_the_way
from tester.reports import print_grades, write_details
from tester.scoring.grades import Grade
from tester.text import listed, one_line

LISTED_MAX = 20


def report(console: Console, grades: list[Grade], out: Path, verbose: bool) -> None:
    """Print the grades and where the files are."""
    with named_if_in_the_way(out):
        details = write_details(out, grades)
    if not print_grades(console, grades, verbose=verbose):
        say(console, f"each test, with replay commands: {details}, or --verbose")
    say(
        console,
        f"the class: {out}/class.html   grades: {out}/grades.csv   every run: "
        f"{out}/results.json   for the students: {out}/submissions/",
    )


def closing_status(
    console: Console, grades: list[Grade], fail_under: float | None, advice: str
) -> ExitStatus:
    """Report what is open and what is too low; return the exit status.

    Args:
        console: where to report.
        grades: one per submission.
        fail_under: how many per cent each should have, None for any.
        advice: how to get the verdicts that are missing.
    """
    report_open(console, grades, advice)
    if fail_under is not None and report_below(console, grades, fail_under):
        return ExitStatus.FOUND
    is_open = any(grade.is_range for grade in grades)
    return ExitStatus.OPEN if is_open else ExitStatus.DONE


def report_open(console: Console, grades: list[Grade], advice: str) -> None:
    """Name the submissions whose grade is a range."""
    found = [
        f"{one_line(grade.submission)} ({grade.earned})"
        for grade in grades
        if grade.is_range
    ]
    if found:
        shown = listed(found, LISTED_MAX)
        say(console, f"runs without a verdict leave open what was earned: {shown}")
        say(console, advice)


def report_below(console: Console, grades: list[Grade], percent: float) -> bool:
    """Name the submissions that do not reach --fail-under; return whether there is one.

    Runs without a verdict do not count as passed: with them it is not reached yet.
    """
    below, undecided = [], []
    for grade in grades:
        name = one_line(grade.submission)
        if grade.percent is None or grade.percent_most is None:
            if grade.points_max and percent:
                undecided.append(f"{name} (no verdict)")
        elif grade.percent_most < percent:
            below.append(f"{name} ({grade.percent_most:.2f} %)")
        elif grade.percent < percent:
            least, most = f"{grade.percent:.2f} %", f"{grade.percent_most:.2f} %"
            undecided.append(f"{name} (at least {least}, at most {most})")
    limit = f"--fail-under {percent:g}"
    if below:
        say(console, f"below {limit}: {listed(below, LISTED_MAX)}")
    if undecided:
        say(console, f"not known to reach {limit}: {listed(undecided, LISTED_MAX)}")
    return bool(below or undecided)
