"""The command `new`: write a starter repository for a student."""

import argparse
from pathlib import Path

from rich.console import Console

from tester.cli.command import Command, ExitStatus
from tester.cli.parser import Parser
from tester.console import say
from tester.handouts.starter_repo import write_starter
from tester.judging.suite import LABS


def add_arguments(parser: Parser) -> None:
    """Add where to write it, and for which lab."""
    parser.add_argument(
        "directory", type=Path, metavar="DIR", help="a folder that is new or empty"
    )
    parser.add_argument(
        "--lab",
        type=int,
        choices=LABS,
        default=2,
        help="2 (default): Raft; 3: a key/value service on it",
    )


def run(options: argparse.Namespace, console: Console) -> ExitStatus:
    """Write the repository."""
    write_starter(options.directory, options.lab)
    say(
        console, f"wrote {options.directory}: read its README.md, then run pytest in it"
    )
    return ExitStatus.DONE


COMMAND = Command(add_arguments, run)
