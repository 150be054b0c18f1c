"""The command `trace`: a recorded run in words, or as a picture."""

import argparse
from pathlib import Path

from rich.console import Console

from tester.cli.command import Command, ExitStatus
from tester.cli.options import seconds, server_numbers
from tester.cli.parser import Parser
from tester.console import say
from tester.traces.reader import read_trace
from tester.views.lines import trace_lines
from tester.views.page import page_html, write_page


def add_arguments(parser: Parser) -> None:
    """Add the file, and what of it to print."""
    add = parser.add_argument
    add(
        "file", type=Path, metavar="FILE", help="a file that `pytest --lab-trace` wrote"
    )
    add(
        "--servers",
        type=server_numbers,
        metavar="0,2",
        help="only these servers, and the scenario (default: all)",
    )
    add(
        "--since",
        type=seconds,
        default=0.0,
        metavar="SECONDS",
        help="leave out what happened before this virtual time",
    )
    add(
        "--html",
        type=Path,
        metavar="OUT",
        help="write a page with a picture of the run to this file",
    )
    add(
        "--until",
        type=seconds,
        default=float("inf"),
        metavar="SECONDS",
        help="leave out what happened after this virtual time",
    )


def run(options: argparse.Namespace, console: Console) -> ExitStatus:
    """Print the lines that the options leave."""
    trace = read_trace(options.file)
    if options.html is not None:
        write_page(options.html, page_html(trace))
        say(console, f"picture: {options.html}")
        return ExitStatus.DONE
    lines = trace_lines(trace, options.servers, options.since, options.until)
    for line in lines:
        say(console, line)
    return ExitStatus.DONE


COMMAND = Command(add_arguments, run)
