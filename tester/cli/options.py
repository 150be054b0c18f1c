"""The command line of grade.py: its options, and what is wrong with them."""

import argparse
import os
from pathlib import Path
from typing import NoReturn

from tester.errors import UsageError
from tester.scoring.rubric_file import SEEDS_MAX

USAGE = """%(prog)s SUBMISSION… [options]
       %(prog)s --regrade NAME [--out DIR]
       %(prog)s new DIR
       %(prog)s rubric [--check FILE]
       %(prog)s autograder DIR [--rubric FILE]
       %(prog)s trace FILE [options]"""
EPILOG = """\
`new DIR` writes a starter repository for a student; `rubric` prints the default
rubric, `rubric --check FILE` says what one says; `autograder DIR` writes the
folder of a Gradescope autograder; `trace FILE` shows what was recorded of a run.

Exit status: 0 graded, 1 a submission is below --fail-under, or --regrade found a
difference, 2 wrong usage, a full disk, or nothing could be graded, 130 interrupted
by Ctrl-C, 143 by SIGTERM: what was done is written, and --resume goes on."""

# What seeds are kept in has no room for more.
SEED_MAX = (1 << 63) - 1
GO_WITH_REGRADE = ("regrade", "out", "jobs", "require_sandbox")


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with a command line."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError, for `main` to report."""
        raise UsageError(f"{message}; see --help")


def positive(text: str) -> int:
    """Return a whole number from 1 on, for argparse."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def percentage(text: str) -> float:
    """Return a number from 0 to 100, for argparse."""
    try:
        number = float(text)
    except ValueError:
        number = -1
    if not 0 <= number <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 100")
    return number


def parse(arguments: list[str]) -> argparse.Namespace:
    """Return the command line's options.

    Raises:
        UsageError: they are wrong, or do not go together.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.regrade and options.submissions:
        raise UsageError(
            "--regrade takes the submissions from the grading in --out: name none"
        )
    if options.regrade:
        _refuse_beside_regrade(parser, options)
    if not options.regrade and not options.submissions:
        raise UsageError("the following arguments are required: SUBMISSION; see --help")
    if options.seed is not None and not 0 <= options.seed <= SEED_MAX:
        raise UsageError(
            f"--seed: {options.seed} is not a whole number from 0 to {SEED_MAX}"
        )
    if options.seeds is not None and options.seeds > SEEDS_MAX:
        raise UsageError(f"--seeds: {options.seeds} is more than {SEEDS_MAX}")
    if options.resume and options.fresh:
        raise UsageError("--resume and --fresh contradict each other")
    return options


def _refuse_beside_regrade(parser: Parser, options: argparse.Namespace) -> None:
    """Raise UsageError if an option would have to change what is repeated."""
    for name, value in vars(options).items():
        goes_along = name in ("submissions", *GO_WITH_REGRADE)
        if not goes_along and value != parser.get_default(name):
            raise UsageError(
                f"--regrade repeats what was graded, as it was: leave out "
                f"--{name.replace('_', '-')}"
            )


def parse_autograder(arguments: list[str]) -> argparse.Namespace:
    """Return the options of `grade.py autograder`."""
    parser = Parser(prog="grade.py autograder")
    parser.add_argument("directory", type=Path, metavar="DIR")
    parser.add_argument("--rubric", type=Path, metavar="FILE", help="grade by it")
    return parser.parse_args(arguments)


def parse_trace(arguments: list[str]) -> argparse.Namespace:
    """Return the options of `grade.py trace`."""
    parser = Parser(prog="grade.py trace")
    add = parser.add_argument
    add("file", type=Path, metavar="FILE", help="what `pytest --lab-trace` has written")
    add("--servers", type=_numbers, metavar="0,2", help="only these (default: all)")
    add("--since", type=float, default=0.0, metavar="SECONDS", help="of virtual time")
    add("--until", type=float, default=float("inf"), metavar="SECONDS")
    return parser.parse_args(arguments)


def _numbers(text: str) -> set[int]:
    """Return the servers in a list such as 0,2, for argparse."""
    numbers = text.split(",")
    if not all(number.isdecimal() for number in numbers):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list such as 0,2")
    return set(map(int, numbers))


def _parser() -> Parser:
    parser = Parser(
        prog="grade.py",
        usage=USAGE,
        description="Grade Raft submissions on the emulated network.",
        epilog=EPILOG,
        # Options are not to be broken at their hyphens.
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "submissions",
        nargs="*",
        metavar="SUBMISSION",
        help="a submission (a directory with raft/ or raft.py, one .py file, or a .zip "
        "or .tar.gz of either), a folder of them, or what Gradescope, Canvas or Moodle "
        "has exported",
    )
    _add_what(parser)
    _add_how(parser)
    return parser


def _add_what(parser: Parser) -> None:
    """Add the options that say what is run."""
    add = parser.add_argument
    add("--parts", help="only these parts, as in 2A,2B")
    add(
        "--tests",
        default="",
        metavar="EXPR",
        help="only tests that match, as in pytest's -k",
    )
    add(
        "--seeds",
        type=positive,
        metavar="N",
        help="how many seeds (default 1, or as the rubric says)",
    )
    add(
        "--seed",
        type=int,
        metavar="S",
        help="the first seed (default 0, or as the rubric says)",
    )
    add(
        "--rubric",
        type=Path,
        metavar="FILE",
        help="points, policies and seeds: see docs/rubric.md",
    )
    add(
        "--preempt",
        action="store_true",
        help="let threads lose their turn between two statements, too",
    )
    add(
        "--isolation",
        choices=("process", "none"),
        default="process",
        help="a sandboxed process for each server (default), or none, for code that "
        "you trust",
    )
    add(
        "--require-sandbox",
        action="store_true",
        help="refuse to grade where a part of the sandbox is missing",
    )
    add(
        "--budget",
        type=positive,
        metavar="SECONDS",
        help="CPU time that one submission has, after which its other runs fail "
        "(default: 120 s, and 5 s for each run)",
    )


def _add_how(parser: Parser) -> None:
    """Add the options that no result depends on."""
    add = parser.add_argument
    add(
        "--jobs",
        type=positive,
        default=os.cpu_count() or 1,
        metavar="J",
        help="how many processes (default: one per core)",
    )
    add(
        "--out",
        type=Path,
        default=Path("grades"),
        metavar="DIR",
        help="where the results go (default grades/): see docs/results.md",
    )
    add(
        "--resume",
        action="store_true",
        help="go on with a grading in --out that was stopped",
    )
    add(
        "--fresh",
        action="store_true",
        help="begin anew, though --out holds a grading that was stopped",
    )
    add(
        "--regrade",
        metavar="NAME",
        help="repeat one submission of the grading in --out, and compare",
    )
    add(
        "--fail-under",
        type=percentage,
        metavar="PERCENT",
        help="exit with 1 if a submission has less",
    )
