"""The command `measure`: what Rafts are like, not only whether they are right."""

import argparse
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tester.cli.cluster import chosen_engine, local_sandbox_status, processes_here
from tester.cli.command import Command, ExitStatus
from tester.cli.hosting_options import add_hosting, chosen_hosting
from tester.cli.lab_option import add_lab, choose_lab
from tester.cli.options import add_jobs, whole_number
from tester.cli.parser import Parser
from tester.cluster_engine.connect import add_dask
from tester.console import counted_progress, say
from tester.errors import UsageError
from tester.grading.checkpoints import named_if_in_the_way
from tester.grading.measurement import MeasurementPlan, measure
from tester.grading.results_folder import refuse_links
from tester.intake.default_submission import REFERENCE
from tester.intake.find import find_submissions
from tester.intake.gradings import UNPACKED
from tester.intake.service_submission import EXAMPLE_SERVICE
from tester.judging.suite import PACKAGES
from tester.measuring.labs import LABS
from tester.measuring.measured import Measured
from tester.measuring.plan import TRIALS
from tester.reports.files import write_atomically
from tester.reports.measure_data import Measurement, measure_csv, measure_json
from tester.reports.measure_page import measure_html, value
from tester.scoring.measure_points import MeasureRule, measure_points
from tester.scoring.rubric_file import load_rubric_of_suite
from tester.text import one_line

TRIALS_MAX = 100_000
# Every trial's seed is derived from it, and has to fit into 64 bits.
SEED_MAX = 1_000_000_000
REFERENCE_NAME = "the reference"

EPILOG = """\
Measured are elections, commits, catching up after a partition and recovery after a
restart, on five servers in virtual time; with --lab 3, operations of clients: see
docs/measure.md. Several submissions make
one page, each of them a curve and a dot. DIR gets measure.html, measure.json and
measure.csv; the same seed gives the same bytes, but for the block of CPU times.

Exit status: 0 measured, 1 some trials did not reach their end, 2 wrong usage, 130
interrupted by Ctrl-C, 143 by SIGTERM: then nothing is written."""


def add_arguments(parser: Parser) -> None:
    """Add the submissions, how much is measured, and how."""
    parser.epilog = EPILOG
    add = parser.add_argument
    add(
        "paths",
        nargs="+",
        metavar="PATH",
        help="a submission, or a folder of submissions, as of `grade`",
    )
    add(
        "--single",
        action="store_true",
        help="each PATH is what one student handed in, however many folders are in it",
    )
    add(
        "--trials",
        type=whole_number(1, TRIALS_MAX),
        default=TRIALS,
        metavar="N",
        help="how many elections, or in lab 3 puts of one client; of the rest there are "
        f"fewer, in proportion (default: {TRIALS})",
    )
    add(
        "--seed",
        type=whole_number(0, SEED_MAX),
        default=0,
        metavar="S",
        help="of all trials (default: 0)",
    )
    add(
        "--no-reference",
        action="store_true",
        help="do not measure the reference beside them",
    )
    add_hosting(parser)
    add_lab(parser)
    add(
        "--rubric",
        type=Path,
        metavar="FILE",
        help="its table [measure] gives points for figures: see docs/measure.md",
    )
    add_jobs(parser)
    add_dask(parser)
    add(
        "--out",
        type=Path,
        default=Path("measured"),
        metavar="DIR",
        help="where the files go (default measured/)",
    )


def run(options: argparse.Namespace, console: Console) -> ExitStatus:
    """Measure what the options name; print and write what was found."""
    hosting = chosen_hosting(options)
    for line in local_sandbox_status(options):
        say(console, line)
    refuse_links(options.out, options.paths)
    rules = {} if options.rubric is None else _rules(options.rubric)
    lab = choose_lab(options.lab, options.rubric)
    submissions = _find(options, console, lab)
    place = EXAMPLE_SERVICE if lab == 3 else REFERENCE
    has_reference = place.is_dir() and not options.no_reference
    reference = _reference_name(submissions, place) if has_reference else ""
    added = reference if reference not in submissions else ""
    if added:
        submissions[added] = place
    with named_if_in_the_way(options.out):
        # Now, and not when all is measured.
        options.out.mkdir(parents=True, exist_ok=True)
    plan = MeasurementPlan(submissions, options.trials, options.seed, hosting, lab)
    processes = processes_here(options, console)
    engine = chosen_engine(options, console, processes)
    with counted_progress(
        console, "measuring", plan.total, "batches of trials"
    ) as notify:
        measured = measure(plan, processes, notify, engine)
    console.print(_table(measured, lab))
    for one in measured:
        for line in one.problem_lines():
            say(console, f"{one_line(one.name)}: {line}")
    own = [one for one in measured if one.name != added]
    points = measure_points(rules, own) if rules else {}
    _write(
        options.out,
        Measurement(measured, options.trials, options.seed, reference, points, lab),
    )
    say(
        console,
        f"the page: {options.out}/measure.html   every trial: "
        f"{options.out}/measure.json   for a spreadsheet: {options.out}/measure.csv",
    )
    is_whole = not any(one.problems for one in measured)
    return ExitStatus.DONE if is_whole else ExitStatus.FOUND


def _find(options: argparse.Namespace, console: Console, lab: int) -> dict[str, Path]:
    """Return the submissions that can be measured; report the others."""
    intake = find_submissions(
        options.paths,
        options.out / UNPACKED,
        options.single,
        package=PACKAGES[lab][0],
    )
    for note in intake.notes:
        say(console, one_line(note))
    for name, reason in intake.refused.items():
        say(console, f"{one_line(name)} is not measured: {one_line(str(reason))}")
    found = {
        name: path
        for name, path in intake.submissions.items()
        if name not in intake.refused
    }
    if not found:
        raise UsageError("there is nothing to measure: see the reasons above")
    return found


def _rules(file: Path) -> Mapping[str, MeasureRule]:
    """Return what figures earn by a rubric."""
    rules = load_rubric_of_suite(file).measure
    if not rules:
        raise UsageError(
            f"{file} has no table [measure], as in [measure.downtime_ms] or, in lab 3, "
            "[measure.put_ms]: see docs/measure.md"
        )
    return rules


def _reference_name(submissions: dict[str, Path], place: Path) -> str:
    """Return the name of the reference: its own, if it is measured anyway."""
    for name, path in submissions.items():
        if path in (place, place.parent):
            return name
    return REFERENCE_NAME


def _table(measured: list[Measured], lab: int) -> Table:
    """Return the medians of all submissions."""
    table = Table("median of", *(one_line(one.name, 24) for one in measured[:6]))
    for figure in LABS[lab].figures:
        summaries = [one.summary(figure.name) for one in measured[:6]]
        unit = f" ({figure.unit})" if figure.unit else ""
        table.add_row(
            f"{figure.title}{unit}",
            *(value(None if found is None else found.median) for found in summaries),
        )
    return table


def _write(out: Path, measurement: Measurement) -> None:
    with named_if_in_the_way(out):
        write_atomically(out / "measure.json", measure_json(measurement))
        write_atomically(out / "measure.csv", measure_csv(measurement))
        write_atomically(out / "measure.html", measure_html(measurement))


COMMAND = Command(add_arguments, run)
