"""Parsing a command line with argparse, one subparser for each command.

What is wrong with a command line is reported in one line that says what to do next.
"""

import argparse
from typing import Any, NoReturn

from tester.errors import UsageError
from tester.text import did_you_mean


class Parser(argparse.ArgumentParser):
    """A parser that raises UsageError and suggests the option that was meant."""

    def __init__(self, **details: Any) -> None:
        # Before argparse adds --help.
        self.option_names: list[str] = []
        details.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        # An abbreviation could change its meaning with the next option that is added.
        super().__init__(allow_abbrev=False, **details)

    def add_argument(self, *names: str, **details: Any) -> argparse.Action:
        """Add an argument, and remember its names if it is an option."""
        action = super().add_argument(*names, **details)
        self.option_names += action.option_strings
        return action

    def error(self, message: str) -> NoReturn:
        """Raise UsageError with the message and where to read on."""
        raise UsageError(f"{message}; see {self.prog} --help")

    def refuse_unknown_options(self, arguments: list[str]) -> None:
        """Raise UsageError for the first option that this parser does not have.

        argparse by itself would first complain about whatever else is missing.
        """
        for argument in arguments:
            name = argument.partition("=")[0]
            if argument == "--":
                return
            if not _is_option(argument) or name in self.option_names:
                continue
            hint = did_you_mean(name, self.option_names)
            self.error(f"there is no option {name}{hint}")


def _is_option(argument: str) -> bool:
    """Return whether argparse would take an argument for an option."""
    negative_number = argument[1:2].isdecimal() or argument[1:2] == "."
    return (
        argument.startswith("-")
        and argument != "-"
        and not negative_number
        and " " not in argument
    )
