"""The command `grade`: run submissions, and write what they have earned."""

import argparse
from pathlib import Path

from rich.console import Console

from tester.cli.capacity import chosen_processes
from tester.cli.command import Command, ExitStatus
from tester.cli.grade_options import add_arguments, check_options
from tester.cli.hosting_options import chosen_hosting
from tester.cli.progress import progress
from tester.cli.sandbox_status import sandbox_status
from tester.console import say
from tester.errors import UsageError
from tester.grading.checkpoints import Checkpoints, named_if_in_the_way
from tester.grading.grader import Grading
from tester.grading.journal import Journal
from tester.grading.plan import Plan
from tester.grading.results_folder import refuse_links
from tester.handouts.starter_repo import TEMPLATE
from tester.intake.find import check_paths, find_submissions
from tester.intake.gradings import UNPACKED
from tester.judging.graded_test import GradedTest
from tester.judging.suite import Suites, collect
from tester.reports import print_grades, remove_reports, write_details
from tester.scoring.grades import Grade
from tester.scoring.rubric import Rubric
from tester.scoring.rubric_file import default_rubric, load_rubric, rubric_suites
from tester.text import counted, listed, one_line
from tester.verdict import Run

NOTE_CHARACTERS_MAX = 1_000
LISTED_MAX = 20


def run(options: argparse.Namespace, console: Console) -> ExitStatus:
    """Grade what the options name; print and write the grades."""
    check_options(options)
    check_paths(options.paths)
    refuse_links(options.out, options.paths)
    tests, rubric = choose_tests(options)
    status_lines = sandbox_status(chosen_hosting(options))
    journal = Journal(options.out)
    try:
        if not options.resume and not options.fresh:
            journal.refuse_to_overwrite()
        for line in status_lines:
            say(console, line)
        processes = chosen_processes(options, console)
        plan = make_plan(options, tests, rubric, console)
        begin(options, console, plan, journal)
        grading = Grading(plan, journal.results, journal)
        finished = make_runs(options, console, plan, grading, processes)
        if finished:
            journal.finish()
    finally:
        journal.close()
    grades = grading.record.grades()
    report(console, grades, options.out, options.verbose)
    if not finished:
        say(console, "interrupted: the runs so far are kept, --resume continues")
        return ExitStatus.INTERRUPTED
    if len(plan.refused) == len(plan.submissions):
        raise UsageError(
            "none of the submissions could be graded: see the reasons above"
        )
    report_open(console, grades)
    if options.fail_under is not None and report_below(
        console, grades, options.fail_under
    ):
        return ExitStatus.FOUND
    is_open = any(grade.is_range for grade in grades)
    return ExitStatus.OPEN if is_open else ExitStatus.DONE


def choose_tests(options: argparse.Namespace) -> tuple[list[GradedTest], Rubric]:
    """Return the tests to run, and the rubric that says what they are worth."""
    parts = options.parts.upper().split(",") if options.parts else None
    first, count = options.seed, options.seeds
    suites = choose_suites(options)
    if options.rubric is None:
        tests = collect(parts, options.tests, suites=suites)
        rubric = default_rubric(tests, first, count)
        return rubric.tests(tests), rubric
    everything = collect(bonus=True, suites=suites)
    rubric = load_rubric(options.rubric, everything, first, count, parts or ())
    chosen = collect(parts or list(rubric.parts), options.tests, suites=suites)
    return rubric.tests(chosen), rubric


def choose_suites(options: argparse.Namespace) -> Suites:
    """Return whose tests are graded, by the options and the rubric.

    Raises:
        UsageError: there is none, or one lies among the submissions.
    """
    suites = Suites(tuple(options.suite), not options.no_lab_tests)
    if options.rubric is not None:
        suites = rubric_suites(options.rubric).joined(suites)
    if not suites.own and not suites.lab:
        raise UsageError("--no-lab-tests leaves no tests: add --suite DIR")
    for folder in suites.own:
        for path in options.paths:
            if folder.resolve().is_relative_to(Path(path).resolve()):
                raise UsageError(
                    f"the suite {folder} lies in {path}, which is graded: the code there "
                    "could read it. Move the suite elsewhere"
                )
    return suites


def make_plan(
    options: argparse.Namespace,
    tests: list[GradedTest],
    rubric: Rubric,
    console: Console,
) -> Plan:
    """Find and unpack the submissions, and return what is to be graded."""
    intake = find_submissions(
        options.paths, options.out / UNPACKED, options.single, options.names
    )
    for note in intake.notes:
        say(console, one_line(note, NOTE_CHARACTERS_MAX))
    return Plan(
        intake.submissions,
        tests,
        [seed.number for seed in rubric.seeds()],
        rubric,
        preempt=options.preempt,
        hosting=chosen_hosting(options),
        budget_s=options.budget,
        refused=intake.refused,
        inside=intake.inside,
        situations=options.situations,
        out=options.out,
    )


def begin(
    options: argparse.Namespace, console: Console, plan: Plan, journal: Journal
) -> None:
    """Continue the earlier grading in --out, or begin a new one there."""
    if options.resume:
        if journal.resume(plan.header()):
            say(console, f"resumed after {counted(len(journal.runs), 'run')}")
            return
        say(console, f"nothing to resume in {options.out}: a new grading begins")
    with named_if_in_the_way(options.out):
        left = remove_reports(options.out, journal.names, plan.submissions)
    if left:
        say(
            console,
            f"note: the reports in {listed(left)} are of an earlier grading; they were "
            "kept because other files lie beside them",
        )
    journal.begin(plan.header())


def make_runs(
    options: argparse.Namespace,
    console: Console,
    plan: Plan,
    grading: Grading,
    processes: int,
) -> bool:
    """Make the runs that are missing, and keep the files up to date.

    Returns False if it was interrupted.
    """
    checkpoints = Checkpoints(options.out, grading, [TEMPLATE])
    with progress(console, plan, grading) as show:

        def notify(run: Run) -> None:
            show(run)
            checkpoints.update(run.submission)

        finished = grading.make_runs(processes, notify)
    checkpoints.save()
    return finished


def report(console: Console, grades: list[Grade], out: Path, verbose: bool) -> None:
    """Print the grades and where the files are."""
    with named_if_in_the_way(out):
        details = write_details(out, grades)
    if not print_grades(console, grades, verbose=verbose):
        say(console, f"each test, with replay commands: {details}, or --verbose")
    say(
        console,
        f"the class: {out}/class.html   grades: {out}/grades.csv   every run: "
        f"{out}/results.json   for the students: {out}/submissions/",
    )


def report_open(console: Console, grades: list[Grade]) -> None:
    """Name the submissions whose grade is a range."""
    found = [
        f"{one_line(grade.submission)} ({grade.earned})"
        for grade in grades
        if grade.is_range
    ]
    if found:
        shown = listed(found, LISTED_MAX)
        say(console, f"runs without a verdict leave open what was earned: {shown}")
        say(console, "the same command with --resume makes these runs again")


def report_below(console: Console, grades: list[Grade], percent: float) -> bool:
    """Name the submissions that do not reach --fail-under; return whether there is one.

    Runs without a verdict do not count as passed: with them it is not reached yet.
    """
    below, undecided = [], []
    for grade in grades:
        name = one_line(grade.submission)
        if grade.percent is None or grade.percent_most is None:
            if grade.points_max and percent:
                undecided.append(f"{name} (no verdict)")
        elif grade.percent_most < percent:
            below.append(f"{name} ({grade.percent_most:.2f} %)")
        elif grade.percent < percent:
            least, most = f"{grade.percent:.2f} %", f"{grade.percent_most:.2f} %"
            undecided.append(f"{name} (at least {least}, at most {most})")
    limit = f"--fail-under {percent:g}"
    if below:
        say(console, f"below {limit}: {listed(below, LISTED_MAX)}")
    if undecided:
        say(console, f"not known to reach {limit}: {listed(undecided, LISTED_MAX)}")
    return bool(below or undecided)


COMMAND = Command(
    add_arguments,
    run,
    after_stop="the runs so far are kept, and the same command with --resume continues",
)
