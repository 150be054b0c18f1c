"""Repeats experiments of the Raft paper: `python -m tester.experiments figure16`."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from tester.console import LabConsole, output_may_close, say
from tester.errors import UsageError
from tester.experiments.figure16 import BOTTOM, EQUAL_LOGS, QUESTIONS, TOP
from tester.experiments.figure16_report import all_curves, write_graphs, write_json
from tester.experiments.setting import Setting
from tester.experiments.trials import Measured, run_settings
from tester.intake.default_submission import REFERENCE

GROUPS = {
    "top": TOP,
    "bottom": BOTTOM,
    "questions": QUESTIONS,
    "equal logs": EQUAL_LOGS,
}
# Below this line of a page, the command writes its tables.
MARKER = "<!-- measured: what follows is written by `python -m tester.experiments` -->"
PLAIN_LINE_EVERY = 0.1


def main(argv: list[str] | None = None) -> int:
    """Run the experiment that the command line names; return the exit status."""
    options = _parser().parse_args(argv)
    with output_may_close():
        console = LabConsole()
        try:
            # Trials take minutes: what cannot be written to is found out before.
            if options.write is not None:
                _text_before_tables(options.write)
            found = _run(console, options)
            _write(console, options, found)
        except UsageError as exc:
            sys.stderr.write(f"error: {exc}\n")
            return 2
        except KeyboardInterrupt:
            sys.stderr.write("interrupted: nothing was written\n")
            return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tester.experiments", description=__doc__
    )
    parser.add_argument("experiment", choices=["figure16"], help="what to repeat")
    parser.add_argument(
        "--raft",
        type=Path,
        default=REFERENCE,
        help="a Raft whose times can be set as the reference's (default: the reference)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of all trials")
    parser.add_argument(
        "--trials",
        type=_one_or_more,
        help="at most this number for each curve (default: as in the paper)",
    )
    parser.add_argument(
        "--jobs",
        type=_one_or_more,
        default=os.cpu_count() or 1,
        help="the number of processes (default: one per core)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("experiments"),
        help="folder for graphs and JSON",
    )
    parser.add_argument(
        "--write", type=Path, help="page that gets the tables, below its marker"
    )
    return parser


def _one_or_more(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is less than 1")
    return number


def _run(console: LabConsole, options: argparse.Namespace) -> dict[str, list[Measured]]:
    """Run all curves, each once, though a graph may share it with another."""
    groups = {
        name: [_at_most(setting, options.trials) for setting in settings]
        for name, settings in GROUPS.items()
    }
    by_name = {setting.name: setting for group in groups.values() for setting in group}
    total = sum(setting.trials for setting in by_name.values())
    with _progress(console, total) as note:
        measured = run_settings(
            options.raft, by_name.values(), options.seed, options.jobs, note
        )
    found = {one.setting.name: one for one in measured}
    return {
        name: [found[setting.name] for setting in settings]
        for name, settings in groups.items()
    }


def _at_most(setting: Setting, trials: int | None) -> Setting:
    if trials is None:
        return setting
    return replace(setting, trials=min(setting.trials, trials))


def _write(
    console: LabConsole, options: argparse.Namespace, found: dict[str, list[Measured]]
) -> None:
    """Write what was found; the graphs last, since they need another package."""
    text = all_curves(found)
    say(console, text)
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        write_json(options.out / "figure16.json", found, options.seed)
        if options.write is not None:
            before = _text_before_tables(options.write)
            options.write.write_text(f"{before}{text}", encoding="utf-8")
        for file in write_graphs(options.out, found):
            say(console, f"wrote {file}")
    except OSError as exc:
        raise UsageError(f"cannot write {exc.filename}: {exc.strerror}") from None


def _text_before_tables(file: Path) -> str:
    """Return a page up to where the tables begin.

    Raises:
        UsageError: it cannot be read, or says nowhere that they begin.
    """
    try:
        before, marker, _ = file.read_text(encoding="utf-8").partition(MARKER)
    except OSError as exc:
        raise UsageError(f"--write: cannot read {file}: {exc.strerror}") from None
    if not marker:
        raise UsageError(f"--write: {file} has no line {MARKER!r}")
    return f"{before}{marker}\n\n"


@contextmanager
def _progress(console: LabConsole, total: int) -> Iterator[Callable[[int], None]]:
    """Show how many trials are done: a bar, or a line now and then."""
    if console.is_terminal:
        columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress("trials", *columns, console=console) as bar:
            task = bar.add_task("trials", total=total)
            yield lambda trials: bar.advance(task, trials)
        return
    done, next_line = 0, PLAIN_LINE_EVERY

    def note(trials: int) -> None:
        nonlocal done, next_line
        done += trials
        if done >= next_line * total:
            say(console, f"{done} of {total} trials")
            next_line += PLAIN_LINE_EVERY

    yield note
