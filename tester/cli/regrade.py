"""The command `regrade`: repeat one submission of a grading, and compare the runs."""

import argparse

from rich.console import Console

from tester.cli.capacity import chosen_processes
from tester.cli.command import Command, ExitStatus
from tester.cli.options import add_jobs, add_out, add_require_sandbox
from tester.cli.parser import Parser
from tester.cli.progress import progress
from tester.cli.sandbox_status import sandbox_status
from tester.console import say
from tester.grading.grader import Grading
from tester.grading.regrade import Regrading

EPILOG = """\
Tests, seeds and options are those of the grading. Compared are each run's verdict,
reason, digest of the trace, virtual time, RPCs, bytes and commits.

Exit status: 0 all runs are identical, 1 a run differs, 2 wrong usage, 130 interrupted
by Ctrl-C, 143 by SIGTERM."""


def add_arguments(parser: Parser) -> None:
    """Add which submission of which grading, and how to run it."""
    parser.epilog = EPILOG
    parser.add_argument(
        "name", metavar="NAME", help="the submission, as the grading in --out names it"
    )
    add_out(parser, "the folder of the grading (default grades/)")
    add_jobs(parser)
    add_require_sandbox(parser)


def run(options: argparse.Namespace, console: Console) -> ExitStatus:
    """Repeat the runs, and report each that differs."""
    regrading = Regrading(options.out, options.name, options.require_sandbox)
    plan = regrading.plan
    sandbox_status(plan.hosting)
    processes = chosen_processes(options, console)
    grading = Grading(plan)
    with progress(console, plan, grading) as notify:
        finished = grading.make_runs(processes, notify)
    found = regrading.compare(grading.record)
    for caveat in found.caveats:
        say(console, f"note: {caveat}")
    for difference in found.differences:
        say(console, difference)
    if found.unknown:
        say(
            console,
            f"not compared: {found.unknown} without a verdict, then or now",
        )
    compared = found.same + len(found.differences)
    say(
        console,
        f"{options.name}: {found.same} of {compared} repeated runs are identical",
    )
    if not finished:
        return ExitStatus.INTERRUPTED
    different = found.differences or not found.same
    return ExitStatus.FOUND if different else ExitStatus.DONE


COMMAND = Command(add_arguments, run)
