"""Grade Raft submissions, or write a student's starter: see `--help`."""

import argparse
import os
import sys
from pathlib import Path
from typing import NoReturn

from rich.console import Console

from tester.autograder import write_autograder
from tester.grader import Plan, find_submissions, grade
from tester.progress import progress
from tester.reports import (
    print_submission,
    print_summary,
    write_files,
    write_submission_files,
)
from tester.rubric_file import default_rubric, load_rubric
from tester.rubric_text import default_text, print_rubric
from tester.starter_repo import write_starter
from tester.suite import UsageError, collect

USAGE = (
    "%(prog)s SUBMISSION… [options]\n       %(prog)s new DIR\n"
    "       %(prog)s rubric [--check FILE]\n"
    "       %(prog)s autograder DIR [--rubric FILE]"
)
EXIT_BELOW, EXIT_USAGE, EXIT_INTERRUPTED = 1, 2, 130


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
    """Return the command line's options."""
    parser = Parser(
        prog="grade.py",
        usage=USAGE,
        description="Grade Raft submissions on the emulated network.",
        epilog="`new DIR` writes a starter repository for a student; `rubric` prints "
        "the default rubric, `rubric --check FILE` says what one says; `autograder DIR` "
        "writes the folder of a Gradescope autograder. Exit status: 0 graded, 1 a "
        "submission is below --fail-under, 2 wrong usage.",
    )
    add = parser.add_argument
    add(
        "submissions",
        nargs="+",
        metavar="SUBMISSION",
        help="a submission (a directory with raft/ or raft.py, one .py file, or a .zip or .tar.gz of either), or a folder of them",
    )
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
        help="where results.json and grades.csv go (default grades/)",
    )
    add(
        "--preempt",
        action="store_true",
        help="let threads lose their turn between two statements, too",
    )
    add(
        "--fail-under",
        type=percentage,
        metavar="PERCENT",
        help="exit with 1 if a submission has less",
    )
    return parser.parse_args(arguments)


def make_directory(directory: Path) -> None:
    """Make the directory for the results, before hours are spent on them."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise UsageError(
            f"--out: cannot write to {directory}: {exc.strerror}"
        ) from None


def run(options: argparse.Namespace, console: Console) -> int:
    """Grade what the options name; return the exit status."""
    parts = options.parts.upper().split(",") if options.parts else None
    submissions = find_submissions(options.submissions)
    tests = collect(parts, options.tests)
    if options.rubric is None:
        rubric = default_rubric(tests, options.seed, options.seeds)
    else:
        rubric = load_rubric(options.rubric, collect(), options.seed, options.seeds)
    plan = Plan(
        submissions,
        rubric.tests(tests),
        [seed.number for seed in rubric.seeds()],
        rubric,
        preempt=options.preempt,
    )
    make_directory(options.out)
    plan.unpack(options.out / "unpacked")
    with progress(console, plan) as tell:
        grades, interrupted = grade(plan, options.jobs, tell)
    write_files(options.out, grades)
    for one in grades:
        write_submission_files(options.out, one)
        print_submission(console, one)
    print_summary(console, grades)
    console.print(
        f"every run: {options.out}/results.json   grades: {options.out}/grades.csv",
        highlight=False,
        markup=False,
    )
    if interrupted:
        console.print("interrupted: runs that did not take place are unknown")
        return EXIT_INTERRUPTED
    below = options.fail_under is not None and any(
        g.percent < options.fail_under for g in grades
    )
    return EXIT_BELOW if below else 0


def rubric_command(arguments: list[str], console: Console) -> None:
    """Print the default rubric, or check one and print what it says."""
    if not arguments:
        print(default_text(collect()), end="")
    elif len(arguments) == 2 and arguments[0] == "--check":
        print_rubric(console, load_rubric(Path(arguments[1]), collect()))
    else:
        raise UsageError("usage: grade.py rubric [--check FILE]")


def autograder(arguments: list[str]) -> int:
    """Write the folder of a Gradescope autograder; return the exit status."""
    parser = Parser(prog="grade.py autograder")
    parser.add_argument("directory", type=Path, metavar="DIR")
    parser.add_argument("--rubric", type=Path, metavar="FILE", help="grade by it")
    options = parser.parse_args(arguments)
    write_autograder(options.directory, options.rubric)
    print(
        f"wrote {options.directory}: look at its settings.toml, then zip what is in it "
        f"(not the folder): cd {options.directory} && zip -r ../autograder.zip ."
    )
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        if arguments[:1] == ["new"]:
            if len(arguments) != 2 or arguments[1].startswith("-"):
                raise UsageError("usage: grade.py new DIR")
            write_starter(Path(arguments[1]))
            print(f"wrote {arguments[1]}: read its README.md, then run pytest in it")
            return 0
        if arguments[:1] == ["autograder"]:
            return autograder(arguments[1:])
        # Where nobody watches, lines may be as long as the reasons need.
        width = None if sys.stdout.isatty() else int(os.environ.get("COLUMNS", "160"))
        console = Console(width=width)
        if arguments[:1] == ["rubric"]:
            rubric_command(arguments[1:], console)
            return 0
        return run(parse(arguments), console)
    except UsageError as exc:
        print(f"grade.py: {exc}", file=sys.stderr)
        return EXIT_USAGE


if __name__ == "__main__":
    sys.exit(main())
