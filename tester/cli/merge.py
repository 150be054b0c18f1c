"""The command `merge`: join the shards of a grading."""

import argparse
from pathlib import Path

from rich.console import Console

from tester.cli.command import Command, ExitStatus
from tester.cli.grade_report import LISTED_MAX, closing_status, report
from tester.cli.options import add_fail_under, add_out, add_verbose
from tester.cli.parser import Parser
from tester.console import say
from tester.grading.checkpoints import named_if_in_the_way, write_finished
from tester.grading.journal import Journal
from tester.grading.merge import Merge
from tester.grading.record import GradingRecord
from tester.grading.results_folder import refuse_links
from tester.grading.shard_folders import ShardFolders
from tester.handouts.starter_repo import TEMPLATES
from tester.reports import remove_reports
from tester.text import counted, listed, one_line

ADVICE = (
    "finish the shards and merge again, or make these runs here: grade with the options "
    "of the shards but --shard, with --resume and this --out"
)
EPILOG = """\
Shards come from `grade … --shard I/N --out DIR`. Any of them can be merged, finished or
not: runs that are missing have no verdict, and what was earned is a range. Merging again
replaces what an earlier merge of the same shards wrote. See docs/shards.md.

Exit status: 0 merged, 1 a submission is below --fail-under, 2 wrong usage, or the
folders do not belong together, 3 runs without a verdict make grades ranges."""


def add_arguments(parser: Parser) -> None:
    """Add the folders of the shards, and where the results go."""
    parser.epilog = EPILOG
    parser.add_argument(
        "shards",
        nargs="+",
        type=Path,
        metavar="DIR",
        help="the --out of a shard, or a copy of it",
    )
    add_out(parser, "where the results go (default grades/): see docs/results.md")
    add_fail_under(parser)
    add_verbose(parser)


def run(options: argparse.Namespace, console: Console) -> ExitStatus:
    """Join the shards; print and write the grades."""
    shards = ShardFolders.read(list(dict.fromkeys(options.shards)))
    refuse_links(options.out, [])
    report_gaps(console, shards)
    merge = Merge(shards, options.out)
    for note in merge.notes:
        say(console, f"note: {one_line(note)}")
    write_journal(options.out, merge, shards.finished)
    with named_if_in_the_way(options.out):
        merge.copy_files()
    changed = merge.changed()
    if changed:
        say(
            console,
            "note: not compared with the others for similar code, since it is not here "
            f"as it was graded: {listed(changed, LISTED_MAX)}",
        )
    grades = GradingRecord(merge.plan, merge.results).grades()
    write_finished(options.out, grades, list(TEMPLATES.values()), changed)
    report(console, grades, options.out, options.verbose)
    return closing_status(console, grades, options.fail_under, ADVICE)


def report_gaps(console: Console, shards: ShardFolders) -> None:
    """Name the shards that are missing, or not finished."""
    for directory in shards.empty:
        say(console, f"note: no shard has begun in {directory}")
    if shards.missing:
        numbers = listed(list(map(str, shards.missing)), LISTED_MAX)
        say(
            console,
            f"missing: {counted(len(shards.missing), 'shard')} of {shards.count}: "
            f"{numbers}",
        )
    for folder in shards.unfinished:
        say(
            console,
            f"unfinished: shard {folder.shard} in {folder.directory}, after "
            f"{counted(len(folder.runs), 'run')}: its command with --resume continues it",
        )


def write_journal(out: Path, merge: Merge, finished: bool) -> None:
    """Write the journal of the whole grading, so that it can be resumed and regraded.

    Raises:
        UsageError: the folder holds another grading that was not finished.
    """
    header = merge.plan.header()
    lines = Journal(out)
    try:
        before = lines.of_same(header)
        if before is not None:
            merge.add(before.results)
            finished = finished or before.finished
        else:
            lines.refuse_to_overwrite()
            with named_if_in_the_way(out):
                remove_reports(out, lines.names, merge.plan.submissions)
        lines.replace(header, merge.results, finished)
    finally:
        lines.close()


COMMAND = Command(add_arguments, run, after_stop="the same command merges again")
