"""The command `grade`: run submissions, and write what they have earned."""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rich.console import Console

from tester.cli.cluster import chosen_engine, local_sandbox_status, processes_here
from tester.cli.command import Command, ExitStatus
from tester.cli.grade_options import add_arguments, check_options
from tester.cli.grade_report import closing_status, report
from tester.cli.hosting_options import chosen_hosting
from tester.cli.lab_option import choose_lab
from tester.cli.progress import progress
from tester.console import say
from tester.errors import UsageError
from tester.grading.checkpoints import Checkpoints, named_if_in_the_way
from tester.grading.grader import Grading, Notify
from tester.grading.journal import Journal
from tester.grading.plan import Plan
from tester.grading.results_folder import refuse_links
from tester.handouts.starter_repo import TEMPLATES
from tester.intake.find import check_paths, find_submissions
from tester.intake.gradings import UNPACKED
from tester.judging.graded_test import GradedTest
from tester.judging.suite import PACKAGES, Suites, collect
from tester.outcome import VerdictCounts
from tester.reports import remove_class_files, remove_reports
from tester.scoring.rubric import Rubric
from tester.scoring.rubric_file import default_rubric, load_rubric, rubric_suites
from tester.text import counted, listed, one_line
from tester.verdict import Run
from tester.workers.engine import Engine

NOTE_CHARACTERS_MAX = 1_000
INTERRUPTED = "interrupted: the runs so far are kept, --resume continues"
RESUME = "the same command with --resume makes these runs again"


def run(options: argparse.Namespace, console: Console) -> ExitStatus:
    """Grade what the options name; print and write the grades."""
    check_options(options)
    check_paths(options.paths)
    refuse_links(options.out, options.paths)
    tests, rubric = choose_tests(options)
    status_lines = local_sandbox_status(options)
    journal = Journal(options.out)
    engine: Engine | None = None
    try:
        if not options.resume and not options.fresh:
            journal.refuse_to_overwrite()
        for line in status_lines:
            say(console, line)
        processes = processes_here(options, console)
        plan = make_plan(options, tests, rubric, console)
        engine = chosen_engine(options, console, processes)
        begin(options, console, plan, journal)
        grading = Grading(plan, journal.results, journal)
        run_with = partial(grading.make_runs, processes, engine=engine)
        finished = make_runs(options, console, plan, grading, run_with)
        if finished:
            journal.finish()
    finally:
        journal.close()
        if engine is not None:
            engine.close()
    if plan.shard is not None:
        return report_shard(console, plan, grading, options.out, finished)
    grades = grading.record.grades()
    report(console, grades, options.out, options.verbose)
    if not finished:
        say(console, INTERRUPTED)
        return ExitStatus.INTERRUPTED
    if len(plan.refused) == len(plan.submissions):
        raise UsageError(
            "none of the submissions could be graded: see the reasons above"
        )
    return closing_status(console, grades, options.fail_under, RESUME)


def choose_tests(options: argparse.Namespace) -> tuple[list[GradedTest], Rubric]:
    """Return the tests to run, and the rubric that says what they are worth."""
    parts = options.parts.upper().split(",") if options.parts else None
    first, count = options.seed, options.seeds
    lab = choose_lab(options.lab, options.rubric)
    suites = choose_suites(options)
    if options.rubric is None:
        tests = collect(parts, options.tests, suites=suites, lab=lab)
        rubric = default_rubric(tests, first, count)
        return rubric.tests(tests), rubric
    everything = collect(bonus=True, suites=suites, lab=lab)
    rubric = load_rubric(options.rubric, everything, first, count, parts or ())
    named = parts or list(rubric.parts)
    chosen = collect(named, options.tests, suites=suites, lab=lab)
    return rubric.tests(chosen), rubric


def choose_suites(options: argparse.Namespace) -> Suites:
    """Return the suites whose tests are graded, by the options and the rubric.

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
        options.paths,
        options.out / UNPACKED,
        options.single,
        options.names,
        PACKAGES[choose_lab(options.lab, options.rubric)][0],
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
        shard=options.shard,
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
        if plan.shard is not None:
            remove_class_files(options.out)
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
    run_with: Callable[[Notify], bool],
) -> bool:
    """Make the runs that are missing, and keep the files up to date.

    Returns False if it was interrupted, as `run_with` does, which makes them.
    """
    if plan.shard is not None:
        # Grades come from all shards: `merge` writes them.
        with progress(console, plan, grading) as show:
            return run_with(show)
    checkpoints = Checkpoints(options.out, grading, list(TEMPLATES.values()))
    with progress(console, plan, grading) as show:

        def notify(run: Run) -> None:
            show(run)
            checkpoints.update(run.submission)

        finished = run_with(notify)
    checkpoints.save()
    return finished


def report_shard(
    console: Console, plan: Plan, grading: Grading, out: Path, finished: bool
) -> ExitStatus:
    """Report how far a shard has come; return the exit status."""
    runs = [
        run
        for name in plan.submissions
        if name not in plan.duplicates
        for run in grading.record.shard_runs(name)
    ]
    counts = VerdictCounts.of(run.verdict for run in runs)
    say(
        console,
        f"shard {plan.shard}: {counts.passed} of {counted(counts.total, 'run')} passed, "
        f"{counts.failed} failed, {counts.unknown} without a verdict; "
        f"`merge` joins {out} with the other shards",
    )
    if not finished:
        say(console, INTERRUPTED)
        return ExitStatus.INTERRUPTED
    if counts.unknown:
        say(console, RESUME)
    return ExitStatus.OPEN if counts.unknown else ExitStatus.DONE


COMMAND = Command(
    add_arguments,
    run,
    after_stop="the runs so far are kept, and the same command with --resume continues",
)
