"""The command `check-suite`: check whether an instructor's suite is fit to grade by."""

import argparse
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tester.cli.capacity import chosen_processes
from tester.cli.command import Command, ExitStatus
from tester.cli.options import add_jobs, whole_number
from tester.cli.parser import Parser
from tester.console import counted_progress, say
from tester.detection.mutants import Mutant, find_mutants_in
from tester.detection.suite_check import (
    SuiteCheck,
    correct_rafts,
    found_by_lab,
    seldom,
)
from tester.judging.failure_report import SCENARIO_STEP
from tester.judging.suite import Suites, collect
from tester.text import counted, listed, one_line

EPILOG = """\
Exit status: 0 nothing speaks against the suite, 1 some test is not fit to grade by, 2 the
suite cannot be read, 130 interrupted by Ctrl-C."""
REPOSITORY = Path(__file__).resolve().parents[2]
NAMES_MAX = 12


def add_arguments(parser: Parser) -> None:
    """Add the suite, and what to check it with."""
    parser.epilog = EPILOG
    add = parser.add_argument
    add("suite", type=Path, metavar="DIR", help="the suite: see docs/scenarios.md")
    add(
        "--seeds",
        type=whole_number(1, 10_000),
        default=5,
        metavar="N",
        help="how many seeds correct Rafts run at (default: 5)",
    )
    add(
        "--mutant-seeds",
        type=whole_number(0, 10_000),
        default=1,
        metavar="N",
        help="how many seeds mutants run at (default: 1; 0: leave them out)",
    )
    add(
        "--mutants",
        metavar="A,B",
        help="only these mutants (default: all)",
    )
    add(
        "--correct",
        action="append",
        type=Path,
        default=[],
        metavar="PATH",
        help="one more Raft that is correct, such as your own solution; may be given again",
    )
    add(
        "--repository",
        type=Path,
        default=REPOSITORY,
        metavar="DIR",
        help="a clone of the lab's repository, which has mutants and correct Rafts "
        "(default: the one that this lab runs from)",
    )
    add_jobs(parser)


def run(options: argparse.Namespace, console: Console) -> ExitStatus:
    """Check the suite, and print a table of its tests."""
    tests = collect(bonus=True, suites=Suites((options.suite,), lab=False))
    mutants = _mutants(options, console)
    check = SuiteCheck(
        tests,
        correct_rafts(options.repository, options.correct),
        mutants,
        range(options.seeds),
        range(options.mutant_seeds if mutants else 0),
    )
    processes = chosen_processes(options, console)
    with counted_progress(console, "checking", check.runs, "runs") as notify:
        check.make_runs(processes, lambda: notify(1))
    _print_table(console, check, bool(mutants))
    _print_found(console, check, mutants, found_by_lab(options.repository))
    return _print_problems(console, check)


def _mutants(options: argparse.Namespace, console: Console) -> list[Mutant]:
    folder = options.repository / "tests" / "mutants"
    if not options.mutant_seeds:
        return []
    if not folder.is_dir():
        say(
            console,
            f"note: {folder} is not there, so what the suite finds is not known, and the "
            "reference is the only correct Raft of the lab's: clone its repository, and "
            "name it with --repository DIR",
        )
        return []
    names = options.mutants.split(",") if options.mutants else None
    return [m for m in find_mutants_in(folder, names) if m.breaks != "nothing"]


def _print_table(console: Console, check: SuiteCheck, with_mutants: bool) -> None:
    table = Table()
    for heading in ("test", "part"):
        table.add_column(heading, overflow="fold")
    for heading in ("points", "false alarms", "same twice", "mutants found", "CPU s"):
        if heading != "mutants found" or with_mutants:
            table.add_column(heading, justify="right")
    for each in check.checks.values():
        runs = each.passed + len(each.alarms) + len(each.unknown)
        found = [str(len(each.found))] if with_mutants else []
        table.add_row(
            escape(each.test.name),
            escape(each.test.part),
            f"{each.test.points:g}",
            f"{len(each.alarms)} of {runs}",
            f"{each.twice - len(each.differing)} of {each.twice}",
            *found,
            f"{each.cpu_s_mean:.2f}",
            style="bold red" if each.problem() else None,
        )
    console.print(table)
    cpu_s = sum(each.cpu_s_mean for each in check.checks.values())
    say(console, f"all tests at one seed: {cpu_s:.1f} s of CPU with the reference")


def _print_found(
    console: Console, check: SuiteCheck, mutants: list[Mutant], lab: dict[str, str]
) -> None:
    """Report the mutants that the suite finds, and which of them the lab's often misses."""
    if not mutants:
        return
    fit = [each for each in check.checks.values() if not each.problem()]
    found = {name for each in fit for name in each.found}
    say(
        console,
        f"mutants found by tests without a fault: {len(found)} of {len(mutants)}",
    )
    better = [
        f"{mutant.name} (the lab: {lab[mutant.name]} of the seeds)"
        for mutant in mutants
        if mutant.name in found and seldom(lab.get(mutant.name, ""))
    ]
    if better:
        say(
            console,
            f"of these, the lab's tests do not always find: {listed(better, NAMES_MAX)}",
        )
    none = [each.test.name for each in fit if not each.found]
    if none:
        say(console, f"tests that find no mutant: {listed(none, NAMES_MAX)}")


def _print_problems(console: Console, check: SuiteCheck) -> ExitStatus:
    bad = [each for each in check.checks.values() if each.problem()]
    for each in bad:
        say(console, "")
        say(console, f"{each.test.name}: {each.problem()}")
        for run in (each.alarms or each.unknown)[:1]:
            where = f"{run.submission} at seed {run.seed}"
            say(console, f"  {where}: {one_line(run.reason)}")
            for line in run.evidence.splitlines():
                if line.startswith(SCENARIO_STEP):
                    say(console, f"  {one_line(line)}")
            if run.replay:
                say(console, f"  replay: {one_line(run.replay, 10_000)}")
    say(console, "")
    if bad:
        names = listed([each.test.name for each in bad], NAMES_MAX)
        say(console, f"{counted(len(bad), 'test')} not fit to grade by: {names}")
        return ExitStatus.FOUND
    runs = min(each.passed for each in check.checks.values())
    say(
        console,
        f"nothing speaks against the suite: each test passed {counted(runs, 'run')} or more "
        f"of correct Rafts (with 95 % confidence, fewer than {300 / runs:.2g} % fail)",
    )
    return ExitStatus.DONE


COMMAND = Command(add_arguments, run)
