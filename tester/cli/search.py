"""The command `search`: look for orders of events that break a submission."""

import argparse
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from labrpc.box_factory import BoxFactory, make_box_factory
from labrpc.errors import LabError, LoadError
from labrpc.machine.wall_clock import cpu_seconds
from labrpc.submission.submission import Submission
from tester.cli.cluster import chosen_engine
from tester.cli.command import Command, ExitStatus
from tester.cli.hosting_options import add_hosting, chosen_hosting
from tester.cli.options import whole_number
from tester.cli.parser import Parser
from tester.cli.sandbox_status import sandbox_status
from tester.cluster_engine.connect import add_dask
from tester.console import say
from tester.errors import UsageError
from tester.intake.service_submission import find_service
from tester.judging.suite import LABS, suite_path
from tester.search.budget import Limits
from tester.search.choice_text import (
    CLIENTS_MAX,
    SERVERS_MAX,
    choice_text,
    parse_choices,
    read_choices,
)
from tester.search.choices import CLIENTS, ChoiceList, Setting
from tester.search.parallel import Part, Place, searched_in_parts
from tester.search.progress import SearchProgress, read_progress
from tester.search.report import failure_lines, file_name, file_text, outcome_lines
from tester.search.search import Outcome
from tester.search.session import replayed, searched
from tester.search.shrink import Shrunk
from tester.text import command_line, counted, parse_duration, printable_name
from tester.views.page import write_page

if TYPE_CHECKING:
    from tester.cluster_engine.dask_engine import DaskEngine

DEFAULT_S = 60
# How often a line of progress is printed where there is no terminal.
STATES_PER_LINE = 20_000
STATES_PER_UPDATE = 200
DIRECTORY = Path(".lab") / "search"

EPILOG = """\
The limit of --for is CPU time: a faster machine finds more states in it. With --states
the result is the same on every machine. What is found is printed with the fewest
choices that bring it about, and kept in .lab/search/.

Exit status: 0 nothing found, 1 a run that breaks a property, 2 wrong usage,
130 interrupted by Ctrl-C, 143 by SIGTERM."""


def add_arguments(parser: Parser) -> None:
    """Add what to search, how long, and where the servers live."""
    parser.epilog = EPILOG
    add = parser.add_argument
    add(
        "submission",
        type=Path,
        metavar="SUBMISSION",
        help="a folder or file with a Raft, or with a service",
    )
    add(
        "--lab",
        type=int,
        choices=LABS,
        default=2,
        help="2 (default): Raft; 3: the key/value service, docs/contract_kv.md",
    )
    add(
        "--for",
        type=duration,
        dest="cpu_s",
        metavar="TIME",
        help="how much CPU time to take, as in 60s, 10m, 1h (default: 60s)",
    )
    add(
        "--states",
        type=whole_number(1),
        metavar="N",
        help="how many states to find, instead of a time",
    )
    _add_world_arguments(parser)
    add(
        "--seed",
        type=whole_number(0),
        default=0,
        metavar="S",
        help="of the random part of the search (default: 0)",
    )
    add(
        "--replay", type=Path, metavar="FILE", help="take the choices in a file instead"
    )
    add_hosting(parser)
    add(
        "--jobs",
        type=whole_number(1),
        metavar="N",
        help="in how many processes to search at once; the limits hold for each, and each "
        "draws something else (default: 1; with --dask, as many as the cluster has)",
    )
    add_dask(parser)
    add(
        "--resume",
        action="store_true",
        help="continue the last search, which has found nothing: what it explored "
        "completely is left out, and what is random is drawn anew",
    )


def _add_world_arguments(parser: Parser) -> None:
    """Add what holds in the worlds of a search."""
    add = parser.add_argument
    add(
        "--servers",
        type=whole_number(2, SERVERS_MAX),
        default=Setting().servers,
        metavar="N",
        help="how many servers a world has (default: 3)",
    )
    add(
        "--clients",
        type=whole_number(1, CLIENTS_MAX),
        default=CLIENTS,
        metavar="N",
        help=f"in lab 3, how many clients a world has (default: {CLIENTS})",
    )
    add(
        "--no-persistence",
        action="store_true",
        help="let no server crash or have to save anything, as before part 2C",
    )
    add(
        "--preempt",
        action="store_true",
        help="let threads lose their turn between two statements, too",
    )
    add(
        "--elections-only",
        action="store_true",
        help="let servers elect leaders, but need not agree on commands, as before part 2B",
    )


def duration(text: str) -> float:
    """Return the seconds in a text such as 90s, 10m or 1h, for argparse."""
    try:
        return parse_duration(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time such as 60s, 10m or 1h"
        ) from None


def run(options: argparse.Namespace, console: Console) -> ExitStatus:
    """Search, or replay, and report what came of it."""
    sandbox_status(chosen_hosting(options))
    choices = None if options.replay is None else read_choices(options.replay)
    if choices is not None and choices.setting.clients:
        options.lab = 3
    if options.lab == 3 and (options.no_persistence or options.elections_only):
        raise UsageError(
            "--no-persistence and --elections-only are for a Raft of lab 2: a service "
            "needs a complete one"
        )
    try:
        submission = _submission(options)
        boxes = make_box_factory(
            submission,
            preempt=options.preempt if choices is None else choices.setting.preempt,
            isolation=options.isolation,
            require_sandbox=options.require_sandbox,
        )
    except (LabError, LoadError) as exc:
        raise UsageError(str(exc)) from None
    try:
        if choices is not None:
            return _replay(choices, boxes, console)
        return _search(options, boxes, console)
    except LabError as exc:
        raise UsageError(f"the search came to no result: {exc}") from None
    finally:
        boxes.close()


def _submission(options: argparse.Namespace) -> Submission:
    if options.lab == 3:
        service = find_service(options.submission, suite_path(3))
        if "kv" not in service.files:
            raise UsageError(
                f"{options.submission} has no package `kv`: a search needs the clients of "
                "part 3B, whose operations it checks"
            )
        return service
    return Submission.find(options.submission)


def _replay(choices: ChoiceList, boxes: BoxFactory, console: Console) -> ExitStatus:
    """Take the choices of a file, and say which apply and how the run ends."""
    run, error, digest = replayed(boxes, choices)
    for choice in run.choices:
        say(console, choice_text(choice))
    skipped = len(choices.choices) - len(run.choices)
    if error is None and skipped:
        say(console, f"{counted(skipped, 'choice')} did not apply")
    say(console, f"digest {digest}")
    if error is None:
        say(console, "passed")
        return ExitStatus.DONE
    for line in failure_lines(error):
        say(console, line)
    return ExitStatus.FOUND


def _search(
    options: argparse.Namespace, boxes: BoxFactory, console: Console
) -> ExitStatus:
    cpu_s = options.cpu_s
    if cpu_s is None and options.states is None:
        cpu_s = DEFAULT_S
    setting = Setting(
        options.servers,
        persistence=not options.no_persistence,
        preempt=options.preempt,
        elections_only=options.elections_only,
        clients=options.clients if options.lab == 3 else 0,
    )
    submission = boxes.submission
    file = DIRECTORY / f"{printable_name(submission.name)}.progress.json"
    progress = SearchProgress(submission.digest, setting, str(options.seed))
    if options.resume:
        progress = read_progress(file, progress)
    cluster = chosen_engine(options, console, options.jobs or os.cpu_count() or 1)
    if cluster is not None or (options.jobs or 1) > 1:
        outcome = _in_parts(options, cpu_s, progress, boxes, cluster)
    else:
        outcome = _in_this_process(options, cpu_s, progress, boxes, console)
    progress = progress.with_search(outcome)
    for line in outcome_lines(outcome):
        say(console, line)
    total = f"{progress.states:,} and {progress.cpu_s:.0f} s with those before"
    say(
        console,
        f"{counted(outcome.states, 'state')} in {outcome.cpu_s:.0f} s of CPU time"
        + (f" ({total})" if options.resume else ""),
    )
    if outcome.found is not None and outcome.run is not None:
        return _keep_run(options, submission.name, outcome.run, outcome.found, console)
    progress.keep(file)
    say(console, "to continue, add --resume")
    if outcome.interrupted:
        raise KeyboardInterrupt
    return ExitStatus.DONE


def _in_this_process(
    options: argparse.Namespace,
    cpu_s: float | None,
    progress: SearchProgress,
    boxes: BoxFactory,
    console: Console,
) -> Outcome:
    def used_s() -> float:
        return cpu_seconds() + boxes.cpu_s

    with _progress(console) as notify:
        limits = Limits(options.states, cpu_s, used_s, notify, notify.show)
        notify.limits = limits
        return searched(
            boxes, progress.setting, limits, progress.next_seed, progress.explored
        )


def _in_parts(
    options: argparse.Namespace,
    cpu_s: float | None,
    progress: SearchProgress,
    boxes: BoxFactory,
    cluster: "DaskEngine | None",
) -> Outcome:
    """Search in several processes; what one has found has to fail here as well."""
    jobs = options.jobs or (cluster.processes if cluster else 1)
    parts = [
        Part(
            str(options.submission),
            options.isolation,
            options.require_sandbox,
            number,
            progress.setting,
            f"{progress.next_seed}/{number}" if number else progress.next_seed,
            options.states,
            cpu_s,
            progress.explored,
            str(suite_path(3)) if options.lab == 3 else "",
        )
        for number in range(jobs)
    ]
    place: Place | None = None
    if cluster is not None:
        # It needs Dask, and no other search does.
        from tester.cluster_engine.search_place import ClusterPlace

        place = ClusterPlace(cluster, parts)
    outcomes, interrupted = searched_in_parts(parts, place)
    finder = next((part for part in outcomes if part.run), None)
    # How far those after it have come depends on when they were stopped.
    counted_parts = (
        outcomes if finder is None else outcomes[: outcomes.index(finder) + 1]
    )
    outcome = Outcome(
        sum(part.states for part in counted_parts),
        sum(part.cpu_s for part in counted_parts),
        outcomes[0].explored,
        interrupted=interrupted,
    )
    if finder is None:
        return outcome
    run = parse_choices(finder.run, "a process of the search")
    _, error, _ = replayed(boxes, run)
    if error is None:
        raise LabError("a process found a run that does not fail here")
    found = Shrunk(run.choices, error, finder.replays, out_of_time=finder.out_of_time)
    return outcome._replace(found=found, run=run)


def _keep_run(
    options: argparse.Namespace,
    name: str,
    run: ChoiceList,
    found: Shrunk,
    console: Console,
) -> ExitStatus:
    """Keep a run that was found, and say how to replay it."""
    if found.interrupted:
        say(console, "interrupted while it was shortened: fewer choices may do")
    elif found.out_of_time:
        say(console, "not all shorter lists were tried: fewer choices may do")
    file = DIRECTORY / file_name(name, found.error)
    text = file_text(run, name, found.error)
    try:
        write_page(file, text.encode())
    except UsageError as exc:
        say(console, f"{exc}. To replay it, keep:")
        say(console, text)
        return ExitStatus.FOUND
    words = ["raft-lab", "search", str(options.submission), "--replay", str(file)]
    if options.isolation != "process":
        words += ["--isolation", options.isolation]
    shown = ["pytest", "--replay", str(file), "--submission", str(options.submission)]
    shown += ["--preempt"] if options.preempt else []
    say(console, f"with a picture, or --pdb: {command_line(shown)}")
    say(console, f"replay: {command_line(words)}")
    return ExitStatus.FOUND


class _Notify:
    """Shows the progress of a search at each state, or now and then."""

    def __init__(self, show: Callable[[str], None], states_between: int) -> None:
        self.limits: Limits | None = None
        self.show = show
        self._states_between = states_between

    def __call__(self) -> None:
        """Show how many states were found, if it is time."""
        limits = self.limits
        if limits is None or limits.states % self._states_between:
            return
        rate = limits.states / max(limits.used_s, 0.001)
        self.show(f"{limits.states:,} states, {rate:,.0f} a second of CPU time")


@contextmanager
def _progress(console: Console) -> Iterator[_Notify]:
    """Show the progress while the block runs: a line that changes, or plain lines."""
    if not console.is_terminal:
        yield _Notify(lambda text: say(console, text), STATES_PER_LINE)
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("searching")
        yield _Notify(
            lambda text: bar.update(task, description=f"searching: {text}"),
            STATES_PER_UPDATE,
        )


COMMAND = Command(add_arguments, run)
