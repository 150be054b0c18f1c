"""What a command of the command line consists of, and the exit statuses of all."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from rich.console import Console

from tester.cli.parser import Parser


class ExitStatus(IntEnum):
    """How a command ended, for shells and for CI."""

    DONE = 0
    FOUND = 1  # What was asked about is there: a grade too low, a difference.
    USAGE = 2  # The person, or the machine's disk, has to change something first.
    OPEN = 3  # A grade is a range, since runs came to no verdict.
    INTERRUPTED = 130
    TERMINATED = 143


@dataclass(frozen=True)
class Command:
    """One command; a module of `tester.cli` defines it as COMMAND.

    Attributes:
        add_arguments: adds options and arguments to the command's own parser.
        run: does what the parsed options ask for; returns the exit status.
        after_stop: what to do after an interruption or a disk error, "" if there is
            nothing to say.
    """

    add_arguments: Callable[[Parser], None]
    run: Callable[[argparse.Namespace, Console], ExitStatus]
    after_stop: str = ""
