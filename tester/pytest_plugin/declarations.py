"""The lab's options of pytest, as `pytest --help` lists them; `options` reads them."""

from collections.abc import Callable

import pytest


def add_options(parser: pytest.Parser) -> None:
    """Declare the lab's options."""
    add = parser.getgroup("lab", "Raft lab").addoption
    _add_choices(add)
    _add_hosting(add)
    _add_records(add)


def _add_choices(add: Callable[..., None]) -> None:
    """Declare what to run, and at which seeds."""
    add(
        "--lab",
        action="store_true",
        help="run the graded suite, wherever the lab is installed, against this "
        "repository",
    )
    add(
        "--lab3",
        action="store_true",
        help="run the suite of lab 3, the key/value service, in the same way",
    )
    add(
        "--submission",
        metavar="PATH",
        help="what to test: a directory with raft/ or raft.py, or one .py file "
        "(default: the Raft of this repository or folder, else the lab's own reference)",
    )
    add(
        "--seed",
        type=int,
        metavar="N",
        help="first seed (default: seeds that failed before, then from 0)",
    )
    add("--seeds", type=int, default=1, metavar="N", help="how many (default 1)")
    add(
        "--hash-seed",
        type=int,
        metavar="N",
        help="the order of sets of strings, as PYTHONHASHSEED=N fixes it",
    )
    add(
        "--for",
        metavar="TIME",
        help="run fresh seeds for this time, such as 90s, 10m or 8h",
    )
    add(
        "--lab-failed",
        action="store_true",
        help="run only the seeds that failed before, kept in .lab/failures",
    )
    add(
        "--replay",
        metavar="FILE",
        help="run a list of choices, such as --shrink and `raft-lab search` keep, instead "
        "of any test",
    )
    add(
        "--search-states",
        type=int,
        metavar="N",
        help="how many states parts 2S and 3S search (default: what the tests say)",
    )
    add(
        "--preempt",
        action="store_true",
        help="let threads of the submission lose their turn between two statements, "
        "which finds missing locks",
    )


def _add_hosting(add: Callable[..., None]) -> None:
    """Declare how runs are hosted."""
    add(
        "--isolation",
        choices=["process", "none"],
        default="none",
        help="process: each server in a sandboxed process of its own, as grading does",
    )
    add(
        "--real-time",
        action="store_true",
        help="run on real threads and clocks, to check the simulation against them; "
        "slow, and no run can be replayed",
    )


def _add_records(add: Callable[..., None]) -> None:
    """Declare what to compare, and what to write down of each run."""
    add(
        "--lab-check-determinism",
        action="store_true",
        help="run each seed twice, in two processes, and fail where the two differ",
    )
    add(
        "--lab-summary",
        metavar="FILE",
        help="append a summary in Markdown to FILE, such as $GITHUB_STEP_SUMMARY",
    )
    add(
        "--lab-digest",
        action="store_true",
        help="print the digest of each run's trace: equal for equal runs",
    )
    add(
        "--lab-trace",
        action="store_true",
        help="record every event of each run to a file, as docs/trace.md describes",
    )
    add(
        "--lab-trace-dir",
        default=".lab/traces",
        metavar="DIR",
        help="where traces go (default .lab/traces)",
    )
    add(
        "--lab-pictures",
        type=int,
        default=3,
        metavar="N",
        help="draw a picture of the first N failing runs, in .lab/pictures: each is "
        "made once more for it, if it took less than 5 s of CPU (default 3)",
    )
    add(
        "--situations",
        action="store_true",
        help="report which situations the runs met, and the cheapest seed of each",
    )
    add(
        "--decision",
        action="store_true",
        help="with each picture, find the step from which on the run fails whatever the "
        "network does: some hundred runs, a minute of CPU at most",
    )
    add(
        "--shrink",
        action="store_true",
        help="make the first failing runs minimal: the fewest choices (who times out, which "
        "message arrives) that fail in the same way, half a minute of CPU each at most",
    )
