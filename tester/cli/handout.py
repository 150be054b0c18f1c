"""The command `handout`: write an assignment's page for each part."""

import argparse
from pathlib import Path

from rich.console import Console

from tester.cli.command import Command, ExitStatus
from tester.cli.grade import choose_tests
from tester.cli.grade_options import add_suites
from tester.cli.lab_option import add_lab
from tester.cli.parser import Parser
from tester.console import say
from tester.handouts.assignment import part_sheets
from tester.handouts.assignment_pages import write_pages
from tester.text import listed


def add_arguments(parser: Parser) -> None:
    """Add where to write the pages, and what is graded."""
    add = parser.add_argument
    add("directory", type=Path, metavar="DIR", help="a folder that is new or empty")
    add(
        "--rubric",
        type=Path,
        metavar="FILE",
        help="the rubric that you grade by: parts, points, policies and seeds",
    )
    add(
        "--parts",
        metavar="2A,2B",
        help="only these parts (default: all but bonus parts)",
    )
    add_lab(parser)
    add_suites(parser)
    # The other options by which `choose_tests` chooses.
    parser.set_defaults(paths=[], tests="", seed=None, seeds=None)


def run(options: argparse.Namespace, console: Console) -> ExitStatus:
    """Write the pages."""
    tests, rubric = choose_tests(options)
    sheets = part_sheets(rubric, tests)
    files = write_pages(options.directory, sheets)
    names = listed([file.name for file in files], 20)
    say(console, f"wrote {options.directory}: {names}")
    return ExitStatus.DONE


COMMAND = Command(add_arguments, run)
