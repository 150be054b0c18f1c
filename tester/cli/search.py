"""The command `search`: look for orders of events that break a submission."""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from labrpc.box_factory import BoxFactory, make_box_factory
from labrpc.errors import LabError, LoadError
from labrpc.machine.wall_clock import cpu_seconds
from labrpc.submission.submission import Submission
from tester.cli.command import Command, ExitStatus
from tester.cli.options import add_require_sandbox, whole_number
from tester.cli.parser import Parser
from tester.cli.sandbox_status import sandbox_status
from tester.console import say
from tester.errors import UsageError
from tester.judging.run_hosting import RunHosting
from tester.search.budget import Limits
from tester.search.choice_text import SERVERS_MAX, choice_text, read_choices
from tester.search.choices import ChoiceList, Setting
from tester.search.report import failure_lines, file_name, file_text, outcome_lines
from tester.search.session import replayed, searched
from tester.text import command_line, counted, parse_duration

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
        help="a folder or file with a Raft",
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
    add(
        "--isolation",
        choices=("process", "none"),
        default="process",
        help="whether each server has a sandboxed process of its own (default), or none, "
        "which is faster and for code that you trust",
    )
    add_require_sandbox(parser)


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
    sandbox_status(
        RunHosting(isolation=options.isolation, require_sandbox=options.require_sandbox)
    )
    choices = None if options.replay is None else read_choices(options.replay)
    try:
        submission = Submission.find(options.submission)
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
    )
    with _progress(console) as notify:
        limits = Limits(
            options.states, cpu_s, lambda: cpu_seconds() + boxes.cpu_s, notify
        )
        notify.limits = limits
        outcome = searched(boxes, setting, limits, str(options.seed))
    for line in outcome_lines(outcome):
        say(console, line)
    say(
        console,
        f"{counted(outcome.states, 'state')} in {outcome.cpu_s:.0f} s of CPU time",
    )
    if outcome.found is None or outcome.run is None:
        return ExitStatus.DONE
    error = outcome.found.error
    file = DIRECTORY / file_name(boxes.submission.name, error)
    text = file_text(outcome.run, boxes.submission.name, error)
    # Where nothing is found, nothing of this is needed.
    from tester.views.page import write_page

    try:
        write_page(file, text.encode())
    except UsageError as exc:
        say(console, f"{exc}. To replay it, keep:")
        say(console, text)
        return ExitStatus.FOUND
    words = ["raft-lab", "search", str(options.submission), "--replay", str(file)]
    if options.isolation != "process":
        words += ["--isolation", options.isolation]
    say(console, f"replay: {command_line(words)}")
    return ExitStatus.FOUND


class _Notify:
    """Shows the progress of a search at each state, or now and then."""

    def __init__(self, show: Callable[[str], None], states_between: int) -> None:
        self.limits: Limits | None = None
        self._show = show
        self._states_between = states_between

    def __call__(self) -> None:
        """Show how many states were found, if it is time."""
        limits = self.limits
        if limits is None or limits.states % self._states_between:
            return
        rate = limits.states / max(limits.used_s, 0.001)
        self._show(f"{limits.states:,} states, {rate:,.0f} a second of CPU time")


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
