"""The progress of a grading: a bar on a terminal, plain lines elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)

from tester.console import say
from tester.grading.grader import Grading, Notify
from tester.grading.plan import Plan
from tester.text import one_line
from tester.verdict import Run, Verdict


@contextmanager
def progress(console: Console, plan: Plan, grading: Grading) -> Iterator[Notify]:
    """Show the progress of a plan while the block runs; yield what to call at each run.

    Runs that the grading already has are counted, but not shown.
    """
    names = [name for name in plan.submissions if plan.tests_of(name)]
    done = {name: grading.record.runs(name) for name in names}
    if console.is_terminal:
        yield from _bar(console, plan, grading, done)
    else:
        yield _lines(console, plan, grading, done)


def _bar(
    console: Console, plan: Plan, grading: Grading, done: dict[str, list[Run]]
) -> Iterator[Notify]:
    columns = (
        TextColumn("grading"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("runs, [red]{task.fields[failed]} failed[/]"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[current]}"),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        runs = [run for found in done.values() for run in found]
        failed = sum(run.verdict is Verdict.FAILED for run in runs)
        task = bar.add_task(
            "grading", total=plan.runs, completed=len(runs), failed=failed, current=""
        )

        spared: dict[str, int] = {}

        def notify(run: Run) -> None:
            nonlocal failed
            failed += run.verdict is Verdict.FAILED
            spared[run.submission] = grading.record.spared(run.submission)
            bar.update(
                task,
                advance=1,
                total=plan.runs - sum(spared.values()),
                failed=failed,
                current=escape(one_line(run.submission)),
            )

        yield notify


def _lines(
    console: Console, plan: Plan, grading: Grading, done: dict[str, list[Run]]
) -> Notify:
    """Print a line whenever a submission is finished."""

    def missing(name: str) -> int:
        return plan.runs_of(name) - grading.record.spared(name) - len(done[name])

    finished = {name for name in done if missing(name) <= 0}

    def notify(run: Run) -> None:
        name = run.submission
        runs = done[name]
        runs.append(run)
        if name not in finished and missing(name) <= 0:
            finished.add(name)
            passed = sum(run.passed for run in runs)
            say(
                console,
                f"[{len(finished)}/{len(done)}] {one_line(name)}: {passed} of "
                f"{len(runs)} runs passed",
            )

    return notify
