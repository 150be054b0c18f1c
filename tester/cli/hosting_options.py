"""The options that say how the servers of a submission are hosted."""

import argparse

from tester.cli.options import add_require_sandbox
from tester.cli.parser import Parser
from tester.judging.run_hosting import RunHosting


def add_hosting(parser: Parser) -> None:
    """Add the options on which `chosen_hosting` depends."""
    parser.add_argument(
        "--isolation",
        choices=("process", "none"),
        default="process",
        help="a sandboxed process for each server (default), or none, for code that "
        "you trust",
    )
    add_require_sandbox(parser)


def chosen_hosting(options: argparse.Namespace) -> RunHosting:
    """Return how the options want the runs to be hosted."""
    return RunHosting(
        isolation=options.isolation, require_sandbox=options.require_sandbox
    )
