"""The options of the command `grade`."""

import argparse
from pathlib import Path

from tester.cli.hosting_options import add_hosting
from tester.cli.lab_option import add_lab
from tester.cli.options import (
    add_fail_under,
    add_jobs,
    add_out,
    add_verbose,
    name_pattern,
    shard,
    whole_number,
)
from tester.cli.parser import Parser
from tester.cluster_engine.connect import add_dask
from tester.errors import UsageError
from tester.scoring.rubric_file import SEEDS_MAX

EPILOG = """\
Exit status: 0 graded, 1 a submission is below --fail-under, 2 wrong usage, a full
disk, or nothing could be graded, 3 runs without a verdict make grades ranges, 130
interrupted by Ctrl-C, 143 by SIGTERM: what was done is written, and --resume continues."""

# Seeds are stored in 64 bits with a sign.
SEED_MAX = (1 << 63) - 1


def add_arguments(parser: Parser) -> None:
    """Add the submissions, what is run, and how."""
    parser.epilog = EPILOG
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="a submission (a folder with raft/ or raft.py, one .py file, or a .zip or "
        ".tar.gz of either), a folder of submissions, or what a course platform exports",
    )
    parser.add_argument(
        "--single",
        action="store_true",
        help="each PATH is what one student handed in, however many folders are in it",
    )
    parser.add_argument(
        "--names",
        type=name_pattern,
        metavar="REGEX",
        help="how the names in a class's folder are built, where no platform is "
        "recognised: a regular expression with the groups (?P<student>…), and perhaps "
        "(?P<attempt>…) and (?P<file>…); of several attempts the last counts",
    )
    _add_what(parser)
    _add_how(parser)


def add_suites(parser: Parser) -> None:
    """Add the options that say whose tests are graded."""
    add = parser.add_argument
    add(
        "--suite",
        action="append",
        type=Path,
        default=[],
        metavar="DIR",
        help="grade by the tests in this folder, too: see docs/scenarios.md; may be given "
        "again",
    )
    add(
        "--no-lab-tests",
        action="store_true",
        help="grade by the tests of --suite, or of the rubric's suites, alone",
    )


def check_options(options: argparse.Namespace) -> None:
    """Raise UsageError if options contradict each other."""
    if options.resume and options.fresh:
        raise UsageError("--resume and --fresh contradict each other: give one of them")
    if options.shard is not None and options.fail_under is not None:
        raise UsageError(
            "--shard has no grades that --fail-under could look at: give --fail-under "
            "to `merge`"
        )


def _add_what(parser: Parser) -> None:
    """Add the options that say what is run."""
    add = parser.add_argument
    add_lab(parser)
    add(
        "--parts",
        metavar="2A,2B",
        help="only these parts (default: all but bonus parts)",
    )
    add(
        "--tests",
        default="",
        metavar="EXPR",
        help="only tests that match, as in pytest's -k",
    )
    add_suites(parser)
    add(
        "--seeds",
        type=whole_number(1, SEEDS_MAX),
        metavar="N",
        help="how many seeds (default: 1, or what the rubric says)",
    )
    add(
        "--seed",
        type=whole_number(0, SEED_MAX),
        metavar="S",
        help="the first seed (default: 0, or what the rubric says)",
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
        help="let threads lose their turn between any two statements",
    )
    add_hosting(parser)
    add(
        "--budget",
        type=whole_number(1),
        metavar="SECONDS",
        help="CPU time of each test of a submission; after it, the test's other seeds "
        "fail (default: 120 s, and 5 s for each seed)",
    )


def _add_how(parser: Parser) -> None:
    """Add the options that change no result."""
    add = parser.add_argument
    add_jobs(parser)
    add_out(parser, "where the results go (default grades/): see docs/results.md")
    add(
        "--shard",
        type=shard,
        metavar="I/N",
        help="only the I-th of N fixed shares of the runs, which `merge` joins: see "
        "docs/shards.md",
    )
    add_dask(parser)
    add(
        "--resume",
        action="store_true",
        help="continue the grading in --out that was stopped",
    )
    add(
        "--fresh",
        action="store_true",
        help="begin anew, even if --out holds a grading that was stopped",
    )
    add_fail_under(parser)
    add(
        "--situations",
        action="store_true",
        help="note which situations each run meets, for the reports of students "
        "and of the class",
    )
    add_verbose(parser)
