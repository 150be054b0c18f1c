"""The command `trace`: a recorded run in words, as a picture, or for other tools."""

import argparse
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from tester.cli.command import Command, ExitStatus
from tester.cli.options import seconds, server_numbers, whole_number
from tester.cli.parser import Parser
from tester.console import say
from tester.errors import UsageError
from tester.explain.explain import explain, explanation_blocks
from tester.text import unknown
from tester.traces.reader import read_trace
from tester.views.difference import difference
from tester.views.exports import perfetto_json, shiviz_log
from tester.views.lines import trace_lines
from tester.views.page import page_html, write_page
from tester.views.phrases import TOPICS
from tester.views.selection import Selection
from tester.views.terminal import terminal_lines
from tester.views.timeline import timeline

DIFF = "diff"


def add_arguments(parser: Parser) -> None:
    """Add the file, what of it to print, and what else to make of it."""
    add = parser.add_argument
    add(
        "file",
        nargs="+",
        metavar="FILE",
        help="a file that `pytest --lab-trace` wrote; or `diff` and two of one test and "
        "seed, to print the first event at which they part",
    )
    _add_selection(parser)
    add("--all", action="store_true", help="print every event, repeats as well")
    for option, what in (
        ("--html", "a page with a picture of the run"),
        ("--perfetto", "JSON for ui.perfetto.dev and Chrome"),
        ("--shiviz", "a log with vector clocks for ShiViz"),
    ):
        add(option, type=Path, metavar="OUT", help=f"write {what} instead")


def _add_selection(parser: Parser) -> None:
    add = parser.add_argument
    add(
        "--servers",
        type=server_numbers,
        metavar="0,2",
        help="only these servers, and the scenario (default: all)",
    )
    add(
        "--only",
        type=topics,
        metavar="TOPIC,…",
        help=f"only what is about {', '.join(TOPICS)}",
    )
    for option, what, default in (
        ("--since", "leave out what happened before this virtual time", 0.0),
        ("--until", "leave out what happened after this virtual time", float("inf")),
        ("--around", "only some lines before and after this virtual time", None),
    ):
        add(option, type=seconds, metavar="SECONDS", default=default, help=what)
    add("--last", type=whole_number(1), metavar="N", help="only the last N lines")


def topics(text: str) -> frozenset[str]:
    """Return topics from a list such as "elections,lost", for argparse."""
    found = text.split(",")
    for topic in found:
        if topic not in TOPICS:
            raise argparse.ArgumentTypeError(unknown(repr(topic), TOPICS))
    return frozenset(found)


def run(options: argparse.Namespace, console: Console) -> ExitStatus:
    """Print the lines that the options leave, or write the files they name."""
    if options.file[0] == DIFF:
        return _print_difference(options.file[1:], console)
    if len(options.file) > 1:
        raise UsageError("trace takes one file; to compare two: trace diff ONE OTHER")
    trace = read_trace(Path(options.file[0]))
    exports: dict[Path | None, Callable[[], bytes]] = {
        options.html: lambda: page_html(
            timeline(trace),
            explanations=(
                explanation_blocks(trace, explain(trace)) if trace.failed else ()
            ),
        ),
        options.perfetto: lambda: perfetto_json(trace),
        options.shiviz: lambda: shiviz_log(trace),
    }
    exports.pop(None, None)
    for file, export in exports.items():
        assert file is not None
        write_page(file, export())
        say(console, f"written: {file}")
    if exports:
        return ExitStatus.DONE
    servers = options.servers
    if options.all:
        for line in trace_lines(trace, servers, options.since, options.until):
            say(console, line)
        return ExitStatus.DONE
    selection = Selection(
        frozenset(servers) if servers is not None else None,
        options.only,
        options.since,
        options.until,
        options.around,
        options.last,
    )
    for text in terminal_lines(timeline(trace), selection):
        console.print(text, soft_wrap=True, highlight=False)
    return ExitStatus.DONE


def _print_difference(files: list[str], console: Console) -> ExitStatus:
    if len(files) != 2:
        raise UsageError("trace diff takes two files: trace diff ONE OTHER")
    one, other = (read_trace(Path(file)) for file in files)
    lines = list(difference(one, other))
    for line in lines:
        say(console, line)
    return ExitStatus.DONE if len(lines) == 2 else ExitStatus.FOUND


COMMAND = Command(add_arguments, run)
