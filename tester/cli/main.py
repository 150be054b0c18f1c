"""Running the command that was typed, and reporting what stops it."""

import argparse
import os
import sys
from pathlib import PurePath

from tester.cli.command import Command, ExitStatus
from tester.cli.commands import COMMANDS, DEFAULT, load_command
from tester.cli.parser import Parser
from tester.console import LabConsole, output_may_close, sigterm_interrupts
from tester.errors import UsageError, is_disk_trouble
from tester.text import did_you_mean, indented_below
from tester.versions import PYTHON, lab_version

PROGRAM = "raft-lab"
OTHER_PROGRAMS = ("raft-grade", "grade.py")
TOP_OPTIONS = ("-h", "--help", "--version")

USAGE = """%(prog)s PATH… [options]
       %(prog)s COMMAND …"""
DESCRIPTION = "Grade Raft submissions on an emulated network, in virtual time."
EPILOG = """\
`%(prog)s PATH…` is short for `%(prog)s grade PATH…`; a folder that has the name of a
command is written ./NAME. `%(prog)s COMMAND --help` explains a command."""


def main(arguments: list[str] | None = None) -> int:
    """Run a command line, that of this process by default; return the exit status."""
    if arguments is None:
        program, arguments = typed_program(), sys.argv[1:]
    else:
        program = PROGRAM
    with output_may_close(), sigterm_interrupts() as terminated:
        status = _run(program, arguments)
        stopped = status == ExitStatus.INTERRUPTED and terminated()
        return ExitStatus.TERMINATED if stopped else status


def typed_program() -> str:
    """Return the program as it was typed, for messages to name it."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    if spec is not None and spec.name == "grade":
        return "python -m grade"
    name = PurePath(sys.argv[0]).name
    return name if name in OTHER_PROGRAMS else PROGRAM


def _run(program: str, arguments: list[str]) -> ExitStatus:
    """Run one command; report what stops it on stderr, and return the exit status."""
    after_stop = ""
    try:
        command, options = parse(program, arguments)
        after_stop = f"; {command.after_stop}" if command.after_stop else ""
        return command.run(options, LabConsole())
    except UsageError as exc:
        _report(program, str(exc))
        return ExitStatus.USAGE
    except OSError as exc:
        if not is_disk_trouble(exc):
            raise
        where = f" ({exc.filename})" if exc.filename else ""
        _report(program, f"the disk failed: {exc.strerror}{where}{after_stop}")
        return ExitStatus.USAGE
    except KeyboardInterrupt:
        _report(program, f"interrupted{after_stop}")
        return ExitStatus.INTERRUPTED


def _report(program: str, message: str) -> None:
    # A name in it may hold line breaks.
    print(f"{program}: {indented_below(message)}", file=sys.stderr)


def parse(program: str, arguments: list[str]) -> tuple[Command, argparse.Namespace]:
    """Return the command that is meant, and its options.

    Raises:
        UsageError: there is no such command, or its arguments are wrong.
        SystemExit: --help or --version was asked for, and has been printed.
    """
    parser = Parser(prog=program, usage=USAGE, description=DESCRIPTION, epilog=EPILOG)
    version = f"%(prog)s {lab_version()} ({PYTHON})"
    parser.add_argument("--version", action="version", version=version)
    subparsers = parser.add_subparsers(
        title="commands", dest="command", metavar="COMMAND", prog=program
    )
    parsers: dict[str, Parser] = {
        name: subparsers.add_parser(
            name, help=summary, description=f"{summary[:1].upper()}{summary[1:]}."
        )
        for name, summary in COMMANDS.items()
    }
    if arguments[:1] and arguments[0] in TOP_OPTIONS:
        parser.parse_args(arguments[:1])  # Prints, and exits.
    name, rest = _choose(parser, arguments)
    command = load_command(name)
    command.add_arguments(parsers[name])
    try:
        parsers[name].refuse_unknown_options(rest)
        options, left = parser.parse_known_args([name, *rest])
        if left:
            parsers[name].error(f"unexpected argument {left[0]}")
    except UsageError as exc:
        if arguments[:1] == [name] and os.path.lexists(name):
            here = f"the folder or file `{name}` that lies here"
            hint = f"to grade {here}, type {program} ./{name}"
            raise UsageError(f"{exc}; {hint}") from None
        raise
    return command, options


def _choose(parser: Parser, arguments: list[str]) -> tuple[str, list[str]]:
    """Return the command that is meant, and the arguments that follow it."""
    if not arguments:
        parser.error(f"name what to grade, or a command: {', '.join(COMMANDS)}")
    first = arguments[0]
    if first in COMMANDS:
        return first, arguments[1:]
    is_word = not first.startswith("-") and os.sep not in first
    if is_word and not os.path.lexists(first):
        hint = did_you_mean(first, COMMANDS)
        parser.error(
            f"{first!r} is neither a path here nor a command{hint}; the commands are "
            f"{', '.join(COMMANDS)}"
        )
    return DEFAULT, arguments
