"""Live progress of a grading run: a bar on a terminal, plain lines elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)

from tester.grader import Plan, Tell
from tester.verdict import Run, Verdict


@contextmanager
def progress(console: Console, plan: Plan) -> Iterator[Tell]:
    """Show how far the plan has come while the block runs."""
    if console.is_terminal:
        yield from _bar(console, plan)
    else:
        yield _lines(console, plan)


def _bar(console: Console, plan: Plan) -> Iterator[Tell]:
    columns = (
        TextColumn("grading"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("runs, [red]{task.fields[failed]} failed[/]"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[current]}"),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("grading", total=plan.runs, failed=0, current="")
        failed = 0

        def tell(run: Run) -> None:
            nonlocal failed
            failed += run.verdict is Verdict.FAILED
            bar.update(task, advance=1, failed=failed, current=run.submission)

        yield tell


def _lines(console: Console, plan: Plan) -> Tell:
    """Print a line whenever a submission is through."""
    runs_each = len(plan.tests) * len(plan.seeds)
    done: dict[str, list[Run]] = {name: [] for name in plan.submissions}

    def tell(run: Run) -> None:
        runs = done[run.submission]
        runs.append(run)
        if len(runs) == runs_each:
            passed = sum(r.passed for r in runs)
            through = sum(len(r) == runs_each for r in done.values())
            console.print(
                f"[{through}/{len(done)}] {run.submission}: {passed} of {runs_each} "
                "runs passed",
                markup=False,
                highlight=False,
            )

    return tell
