"""Types of arguments, and options that several commands have."""

import argparse
import os
import re
from collections.abc import Callable
from pathlib import Path

from tester.cli.parser import Parser
from tester.grading.shard import SHARDS_MAX, Shard
from tester.intake.platforms import GROUPS
from tester.text import unknown


def whole_number(least: int, most: int | None = None) -> Callable[[str], int]:
    """Return an argparse type: whole numbers from `least` to `most`."""
    numbers = f"from {least} on" if most is None else f"from {least} to {most}"

    def convert(text: str) -> int:
        # More digits than these are no number of anything here.
        number = int(text) if re.fullmatch(r"[0-9]{1,19}", text) else -1
        if number < least or (most is not None and number > most):
            raise argparse.ArgumentTypeError(
                f"{text!r} is not a whole number {numbers}"
            )
        return number

    return convert


def percentage(text: str) -> float:
    """Return a number from 0 to 100, for argparse."""
    try:
        number = float(text)
    except ValueError:
        number = -1
    if not 0 <= number <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 100")
    return number


def seconds(text: str) -> float:
    """Return a time from the beginning of a run, for argparse."""
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds")
    return float(text)


def name_pattern(text: str) -> re.Pattern[str]:
    """Return a pattern of names with at least the group `student`, for argparse."""
    try:
        pattern = re.compile(text)
    except re.error as exc:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a regular expression: {exc}"
        ) from None
    for group in pattern.groupindex:
        if group not in GROUPS:
            raise argparse.ArgumentTypeError(
                f"{text!r} has an unknown group {unknown(group, GROUPS)}"
            )
    if "student" not in pattern.groupindex:
        raise argparse.ArgumentTypeError(
            f"{text!r} has no group (?P<student>…); there are {', '.join(GROUPS)}"
        )
    return pattern


def shard(text: str) -> Shard:
    """Return a share of a grading, such as 3/40, for argparse."""
    found = re.fullmatch(r"([0-9]{1,5})/([0-9]{1,5})", text)
    number, count = map(int, found.groups()) if found else (0, 0)
    if not 1 <= number <= count <= SHARDS_MAX:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no shard such as 3/40, the third of forty (of up to "
            f"{SHARDS_MAX:,})"
        )
    return Shard(number, count)


def server_numbers(text: str) -> set[int]:
    """Return the servers in a list such as 0,2, for argparse."""
    if not re.fullmatch(r"[0-9]{1,9}(,[0-9]{1,9})*", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list such as 0,2")
    return set(map(int, text.split(",")))


def add_out(parser: Parser, help_text: str) -> None:
    """Add the option that names the folder of a grading's results."""
    parser.add_argument(
        "--out", type=Path, default=Path("grades"), metavar="DIR", help=help_text
    )


def add_jobs(parser: Parser) -> None:
    """Add the option that says how many processes work at a time."""
    parser.add_argument(
        "--jobs",
        type=whole_number(1),
        default=os.cpu_count() or 1,
        metavar="J",
        help="how many processes work at a time (default: one per core)",
    )


def add_fail_under(parser: Parser) -> None:
    """Add the option by which a low grade changes the exit status."""
    parser.add_argument(
        "--fail-under",
        type=percentage,
        metavar="PERCENT",
        help="exit with 1 if a submission has less",
    )


def add_verbose(parser: Parser) -> None:
    """Add the option that prints every test of every submission."""
    parser.add_argument(
        "--verbose",
        action="store_true",
        help="print each test of each submission, with replay commands, however many "
        "submissions there are; DIR/details.txt has them in any case",
    )


def add_require_sandbox(parser: Parser) -> None:
    """Add the option that makes every layer of the sandbox a condition."""
    parser.add_argument(
        "--require-sandbox",
        action="store_true",
        help="refuse to run anything where a layer of the sandbox is missing",
    )
