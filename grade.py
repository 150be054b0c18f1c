"""Grade Raft submissions, or write a student's starter: see `--help`."""

import os
import sys

# Before anything else is imported: where the grader stands, or what PYTHONPATH names,
# may be a submission, and its modules must never run here. See labrpc.machine.
_HERE = os.path.dirname(os.path.abspath(__file__))
_FOREIGN = {os.getcwd(), *os.environ.get("PYTHONPATH", "").split(os.pathsep)}
_FOREIGN = {os.path.realpath(folder) for folder in _FOREIGN} - {os.path.realpath(_HERE)}
sys.path[:] = [p for p in sys.path if os.path.realpath(p) not in _FOREIGN]

# ruff: noqa: E402
import argparse
import shlex
from pathlib import Path

from rich.console import Console

from tester.cli.options import parse, parse_autograder, parse_trace
from tester.cli.progress import progress
from tester.cli.rubric_text import default_text, print_rubric
from tester.cli.sandbox_status import told_walls
from tester.console import LabConsole, lasting_output, say, terminated_like_ctrl_c
from tester.errors import UsageError, is_disk_trouble
from tester.grading.checkpoints import Saving, named_if_in_the_way
from tester.grading.grader import Grading
from tester.grading.journal import Ledger
from tester.grading.plan import Plan
from tester.grading.regrade import Regrading
from tester.handouts.gradescope_bundle import write_autograder
from tester.handouts.starter_repo import write_starter
from tester.intake.find import check_paths, find_submissions
from tester.judging.graded_test import GradedTest
from tester.judging.suite import collect
from tester.reports import print_submission, print_summary, remove_reports
from tester.scoring.grades import Grade
from tester.scoring.rubric import Rubric
from tester.scoring.rubric_file import default_rubric, load_rubric
from tester.text import listed, one_line
from tester.traces.reader import trace_lines
from tester.verdict import Run

NOTE_MAX = 1_000
EXIT_BELOW, EXIT_DIFFERS, EXIT_USAGE = 1, 1, 2
EXIT_INTERRUPTED, EXIT_TERMINATED = 130, 143


def what_counts(options: argparse.Namespace) -> tuple[list[GradedTest], Rubric]:
    """Return the tests that are run, and what they are worth."""
    parts = options.parts.upper().split(",") if options.parts else None
    tests = collect(parts, options.tests)
    first, count = options.seed, options.seeds
    if options.rubric is None:
        rubric = default_rubric(tests, first, count)
    else:
        rubric = load_rubric(options.rubric, collect(), first, count)
    return rubric.tests(tests), rubric


def make_plan(
    options: argparse.Namespace,
    tests: list[GradedTest],
    rubric: Rubric,
    console: Console,
) -> Plan:
    """Return what is to be graded, once it was found and unpacked."""
    intake = find_submissions(options.submissions, options.out / "unpacked")
    for note in intake.notes:
        say(console, one_line(note, NOTE_MAX))
    return Plan(
        intake.submissions,
        tests,
        [seed.number for seed in rubric.seeds()],
        rubric,
        preempt=options.preempt,
        isolation=options.isolation,
        require_sandbox=options.require_sandbox,
        budget_s=options.budget,
        refused=intake.refused,
        inside=intake.inside,
    )


def run(options: argparse.Namespace, console: Console) -> int:
    """Grade what the options name; return the exit status."""
    check_paths(options.submissions)
    tests, rubric = what_counts(options)
    walls = told_walls(options.isolation, options.require_sandbox)
    ledger = Ledger(options.out)
    try:
        if not options.resume and not options.fresh:
            ledger.refuse_to_overwrite()
        for line in walls:
            say(console, line)
        plan = make_plan(options, tests, rubric, console)
        enter(options, console, plan, ledger)
        grading = Grading(plan, ledger.runs, ledger)
        finished = carry_out(options, console, plan, grading)
        if finished:
            ledger.finish()
    finally:
        ledger.close()
    grades = grading.grades()
    for one in grades:
        print_submission(console, one)
    print_summary(console, grades)
    say(
        console,
        f"the class: {options.out}/class.html   grades: {options.out}/grades.csv   "
        f"every run: {options.out}/results.json   for the students: "
        f"{options.out}/submissions/",
    )
    if not finished:
        say(console, "interrupted: the runs so far are kept, go on with --resume")
        return EXIT_INTERRUPTED
    if len(plan.refused) == len(plan.submissions):
        print("grade.py: nothing could be graded: see the reasons", file=sys.stderr)
        return EXIT_USAGE
    return EXIT_BELOW if tell_below(options, console, grades) else 0


def tell_below(
    options: argparse.Namespace, console: Console, grades: list[Grade]
) -> bool:
    """Name the submissions below --fail-under; return whether there is one.

    One of which nothing came to a verdict is not: it has no grade yet.
    """
    if options.fail_under is None:
        return False
    below = [
        f"{one_line(grade.submission)} ({grade.percent:.2f} %)"
        for grade in grades
        if grade.percent is not None and grade.percent < options.fail_under
    ]
    if below:
        say(console, f"below --fail-under {options.fail_under:g}: {listed(below, 20)}")
    return bool(below)


def enter(
    options: argparse.Namespace, console: Console, plan: Plan, ledger: Ledger
) -> None:
    """Have the ledger go on with the earlier grading in --out, or begin anew."""
    if options.resume:
        if ledger.resume(plan.header()):
            say(console, f"resumed after {len(ledger.runs)} runs")
            return
        say(console, f"nothing to resume in {options.out}: begun anew")
    with named_if_in_the_way(options.out):
        left = remove_reports(options.out, ledger.names, plan.submissions)
    if left:
        say(
            console,
            f"beware: not of this grading are the reports in {listed(left)}: they were "
            "left, since something else lies there, too",
        )
    ledger.begin(plan.header())


def carry_out(
    options: argparse.Namespace, console: Console, plan: Plan, grading: Grading
) -> bool:
    """Make all runs, and keep the files up to date; False if it was interrupted."""
    saving = Saving(options.out, grading)
    with progress(console, plan, grading) as show:

        def tell(run: Run) -> None:
            show(run)
            saving.look(run.submission)

        finished = grading.go_on(options.jobs, tell)
    saving.save()
    return finished


def regrade(options: argparse.Namespace, console: Console) -> int:
    """Repeat one submission of an earlier grading; return the exit status."""
    regrading = Regrading(options.out, options.regrade)
    plan = regrading.plan
    told_walls(plan.isolation, options.require_sandbox)
    plan.require_sandbox = options.require_sandbox
    grading = Grading(plan)
    with progress(console, plan, grading) as tell:
        finished = grading.go_on(options.jobs, tell)
    found = regrading.compare(grading)
    for caveat in found.caveats:
        say(console, f"beware: {caveat}")
    for difference in found.differences:
        say(console, difference)
    if found.unknown:
        say(console, f"{found.unknown} came to no verdict, and are not compared")
    made = found.same + len(found.differences)
    say(console, f"{options.regrade}: {found.same} of {made} repeated runs identical")
    if not finished:
        return EXIT_INTERRUPTED
    return EXIT_DIFFERS if found.differences or not found.same else 0


def rubric_command(arguments: list[str], console: Console) -> None:
    """Print the default rubric, or check one and print what it says."""
    if not arguments:
        say(console, default_text(collect()).rstrip("\n"))
    elif len(arguments) == 2 and arguments[0] == "--check":
        print_rubric(console, load_rubric(Path(arguments[1]), collect()))
    else:
        raise UsageError("usage: grade.py rubric [--check FILE]")


def autograder_command(arguments: list[str], console: Console) -> None:
    """Write the folder of a Gradescope autograder."""
    options = parse_autograder(arguments)
    write_autograder(options.directory, options.rubric)
    place = shlex.quote(str(options.directory))
    say(
        console,
        f"wrote {options.directory}: look at its settings.toml, then zip what is in it "
        f"(not the folder): cd {place} && zip -r ../autograder.zip .",
    )


def new_command(arguments: list[str], console: Console) -> None:
    """Write a student's starter repository."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        raise UsageError("usage: grade.py new DIR")
    write_starter(Path(arguments[0]))
    say(console, f"wrote {arguments[0]}: read its README.md, then run pytest in it")


def trace_command(arguments: list[str], console: Console) -> None:
    """Print a recorded run in words."""
    options = parse_trace(arguments)
    for line in trace_lines(
        options.file, options.servers, options.since, options.until
    ):
        say(console, line)


COMMANDS = {
    "autograder": autograder_command,
    "new": new_command,
    "rubric": rubric_command,
    "trace": trace_command,
}


def main(arguments: list[str] | None = None) -> int:
    """Run the command line."""
    with lasting_output(), terminated_like_ctrl_c() as terminated:
        status = command(sys.argv[1:] if arguments is None else arguments)
        stopped = status == EXIT_INTERRUPTED and terminated()
        return EXIT_TERMINATED if stopped else status


def command(arguments: list[str]) -> int:
    """Do what the arguments ask for; return the exit status."""
    console = LabConsole()
    try:
        if arguments and arguments[0] in COMMANDS:
            COMMANDS[arguments[0]](arguments[1:], console)
            return 0
        options = parse(arguments)
        return (regrade if options.regrade else run)(options, console)
    except UsageError as exc:
        print(f"grade.py: {exc}", file=sys.stderr)
        return EXIT_USAGE
    except OSError as exc:
        if not is_disk_trouble(exc):
            raise
        where = f" ({exc.filename})" if exc.filename else ""
        print(
            f"grade.py: stopped by the disk: {exc.strerror}{where}: see to that; what "
            "was graded so far is kept, and --resume goes on with it",
            file=sys.stderr,
        )
        return EXIT_USAGE
    except KeyboardInterrupt:
        print("grade.py: interrupted; with --resume it goes on", file=sys.stderr)
        return EXIT_INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
