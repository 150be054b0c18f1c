"""The command `rubric`: print the default rubric, or check one and summarise it."""

import argparse
from pathlib import Path

from rich.console import Console

from tester.cli.command import Command, ExitStatus
from tester.cli.lab_option import add_lab, choose_lab
from tester.cli.parser import Parser
from tester.cli.rubric_text import default_text, print_rubric
from tester.console import say
from tester.judging.suite import collect
from tester.scoring.rubric_file import load_rubric_of_suite


def add_arguments(parser: Parser) -> None:
    """Add the lab whose rubric to print, and the option that names one to check."""
    add_lab(parser)
    parser.add_argument(
        "--check",
        type=Path,
        metavar="FILE",
        help="check this rubric and summarise it, instead of printing the default one",
    )


def run(options: argparse.Namespace, console: Console) -> ExitStatus:
    """Print the one or the other."""
    lab = choose_lab(options.lab, options.check)
    if options.check is None:
        say(console, default_text(collect(bonus=True, lab=lab)).rstrip("\n"))
    else:
        print_rubric(console, load_rubric_of_suite(options.check))
    return ExitStatus.DONE


COMMAND = Command(add_arguments, run)
