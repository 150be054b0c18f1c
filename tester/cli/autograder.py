"""The command `autograder`: write the folder of a Gradescope autograder."""

import argparse
import shlex
from pathlib import Path

from rich.console import Console

from tester.cli.command import Command, ExitStatus
from tester.cli.lab_option import add_lab, choose_lab
from tester.cli.parser import Parser
from tester.console import say
from tester.handouts.gradescope_bundle import write_autograder


def add_arguments(parser: Parser) -> None:
    """Add where to write it, which lab it grades, and by what."""
    parser.add_argument(
        "directory", type=Path, metavar="DIR", help="a folder that is new or empty"
    )
    add_lab(parser)
    parser.add_argument(
        "--rubric",
        type=Path,
        metavar="FILE",
        help="the rubric that the autograder uses, see docs/rubric.md; it is copied "
        "together with its secret and its suites",
    )


def run(options: argparse.Namespace, console: Console) -> ExitStatus:
    """Write the folder."""
    lab = choose_lab(options.lab, options.rubric)
    write_autograder(options.directory, options.rubric, lab)
    place = shlex.quote(str(options.directory))
    say(
        console,
        f"wrote {options.directory}: read its settings.toml, then zip the contents (not "
        f"the folder): cd {place} && zip -r ../autograder.zip .",
    )
    return ExitStatus.DONE


COMMAND = Command(add_arguments, run)
