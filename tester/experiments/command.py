"""Repeats experiments of the Raft paper: `python -m tester.experiments figure16`.

`ranking` compares the ranks that the paper gave up with the random time-outs it chose;
`wide_area` repeats the dissertation's elections between distant places.
"""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tester.console import LabConsole, counted_progress, output_may_close, say
from tester.errors import UsageError
from tester.experiments import figure16_report, ranking_report, wide_area_report
from tester.experiments.figure16 import BOTTOM, EQUAL_LOGS, QUESTIONS, TOP
from tester.experiments.figure16_report import write_json
from tester.experiments.ranking import all_contests
from tester.experiments.setting import Setting
from tester.experiments.trials import Measured, run_settings
from tester.experiments.wide_area import WIDE_AREA
from tester.intake.default_submission import REFERENCE


@dataclass(frozen=True)
class Experiment:
    """What the command can repeat.

    Attributes:
        groups: the curves of each graph or table, by its name.
        tables: returns what was found, in Markdown.
        write_graphs: writes the graphs into a folder, and returns the files.
    """

    groups: Mapping[str, Sequence[Setting]]
    tables: Callable[[dict[str, list[Measured]]], str]
    write_graphs: Callable[[Path, dict[str, list[Measured]]], list[Path]]


EXPERIMENTS = {
    "figure16": Experiment(
        {
            "top": TOP,
            "bottom": BOTTOM,
            "questions": QUESTIONS,
            "equal logs": EQUAL_LOGS,
        },
        figure16_report.all_curves,
        figure16_report.write_graphs,
    ),
    "ranking": Experiment(
        all_contests(), ranking_report.all_tables, ranking_report.write_graphs
    ),
    "wide_area": Experiment(
        {wide_area_report.GROUP: WIDE_AREA},
        wide_area_report.table,
        wide_area_report.write_graphs,
    ),
}
# Between these lines of a page, the command writes an experiment's tables.
MARKER = "<!-- measured by `python -m tester.experiments {}` -->"
END = "<!-- end of {} -->"


def main(argv: list[str] | None = None) -> int:
    """Run the experiment that the command line names; return the exit status."""
    options = _parser().parse_args(argv)
    with output_may_close():
        console = LabConsole()
        try:
            # Trials take minutes: what cannot be written to is found out before.
            if options.write is not None:
                _text_around_tables(options.write, options.experiment)
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
    parser.add_argument("experiment", choices=list(EXPERIMENTS), help="what to repeat")
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
        "--write", type=Path, help="page that gets the tables, between its markers"
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
        for name, settings in EXPERIMENTS[options.experiment].groups.items()
    }
    by_name = {setting.name: setting for group in groups.values() for setting in group}
    total = sum(setting.trials for setting in by_name.values())
    with counted_progress(console, "measuring", total, "trials") as note:
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
    experiment = EXPERIMENTS[options.experiment]
    text = experiment.tables(found)
    say(console, text)
    try:
        options.out.mkdir(parents=True, exist_ok=True)
        write_json(options.out / f"{options.experiment}.json", found, options.seed)
        if options.write is not None:
            before, after = _text_around_tables(options.write, options.experiment)
            options.write.write_text(f"{before}{text}{after}", encoding="utf-8")
        for file in experiment.write_graphs(options.out, found):
            say(console, f"wrote {file}")
    except OSError as exc:
        raise UsageError(f"cannot write {exc.filename}: {exc.strerror}") from None


def _text_around_tables(file: Path, experiment: str) -> tuple[str, str]:
    """Return what stands before and after an experiment's tables on a page.

    Raises:
        UsageError: it cannot be read, or says nowhere that they begin and end.
    """
    marker, end = MARKER.format(experiment), END.format(experiment)
    try:
        before, _, rest = file.read_text(encoding="utf-8").partition(marker)
    except OSError as exc:
        raise UsageError(f"--write: cannot read {file}: {exc.strerror}") from None
    _, found_end, after = rest.partition(end)
    if not found_end:
        raise UsageError(f"--write: {file} has no line {marker!r}, and then {end!r}")
    return f"{before}{marker}\n\n", f"\n{end}{after}"
