"""What the options say of lab 3: whether it is wanted, and which service is tested."""

from pathlib import Path

import pytest

from labrpc.errors import LoadError
from labrpc.submission.submission import Submission
from tester.errors import UsageError
from tester.intake.service_submission import default_service, find_service
from tester.judging.suite import suite_path
from tester.text import indented_below


def wants_lab_3(config: pytest.Config, named: list[str]) -> bool:
    """Return whether the suite of lab 3 is wanted, or a test of it is named.

    A list of choices that is replayed is one of lab 3 if it has clients.

    Args:
        config: with the options.
        named: the files, folders and tests of the command line.
    """
    if config.getoption("--lab3"):
        return True
    suite, directory = suite_path(3), config.invocation_params.dir
    if config.getoption("--replay"):
        return _has_clients(directory / config.getoption("--replay"))
    files = [name.partition("::")[0] for name in named]
    return any((directory / file).resolve().is_relative_to(suite) for file in files)


def _has_clients(file: Path) -> bool:
    """Return whether a list of choices has clients; if it is none, no."""
    # Few sessions replay a list: others start without the search's modules.
    from tester.search.choice_text import read_choices

    try:
        return read_choices(file).setting.clients > 0
    except UsageError:
        # Collecting the file will report what is wrong with it.
        return False


def service_at(path: Path) -> Submission:
    """Return the submission of lab 3 at a path."""
    return find_service(path, suite_path(3))


def find_service_of(config: pytest.Config) -> Submission:
    """Return what is tested in lab 3."""
    named = config.getoption("--submission")
    path = Path(named) if named else default_service(config.invocation_params.dir)
    try:
        return service_at(path)
    except LoadError as exc:
        raise pytest.UsageError(indented_below(f"--submission: {exc}")) from None
