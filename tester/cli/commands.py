"""The registry of commands: a line here and a module in this folder make a command.

The module of `check-suite` is `check_suite.py`, and so on. It is imported when its
command is typed: most commands need little of the lab, and start at once.
"""

import sys
from importlib import import_module

from tester.cli.command import Command
from tester.errors import UsageError

# The first one is meant where no command is typed.
COMMANDS = {
    "grade": "grade submissions; `grade` itself may be left out",
    "merge": "join the shards of a grading that several machines have made",
    "regrade": "repeat the runs of one submission, and compare them with the grading",
    "measure": "measure how fast submissions elect, commit and recover, at what cost",
    "search": "look for an order of events that breaks a submission",
    "check-suite": "check whether a class can be graded by tests of your own",
    "rubric": "print the default rubric, or check a rubric and summarise it",
    "new": "write a starter repository for a student",
    "handout": "write an assignment's page for each part",
    "autograder": "write the folder of a Gradescope autograder",
    "trace": "show a recorded run, draw a picture of it, or compare two",
}
DEFAULT = next(iter(COMMANDS))


def load_command(name: str) -> Command:
    """Import the module of a command and return the command.

    Raises:
        UsageError: it needs what this system does not have.
    """
    try:
        module = import_module(f"tester.cli.{name.replace('-', '_')}")
    except ModuleNotFoundError as exc:
        if exc.name not in sys.stdlib_module_names:
            raise
        raise UsageError(
            f"`{name}` needs Linux (on Windows, WSL): the Python of this system has no "
            f"module {exc.name}; `pytest`, `new` and `trace` work here"
        ) from None
    command: Command = module.COMMAND
    return command
