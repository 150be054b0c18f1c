"""The place where a command's jobs run: this machine, or the cluster of --dask."""

import argparse
from typing import TYPE_CHECKING

from rich.console import Console

from tester.cli.capacity import chosen_processes
from tester.cli.hosting_options import chosen_hosting
from tester.cli.sandbox_status import sandbox_status
from tester.cluster_engine.connect import LOCAL, connected
from tester.console import say

if TYPE_CHECKING:
    from tester.cluster_engine.dask_engine import DaskEngine


def is_here(options: argparse.Namespace) -> bool:
    """Return whether all jobs are done on this machine."""
    return options.dask in (None, LOCAL)


def local_sandbox_status(options: argparse.Namespace) -> list[str]:
    """Return the lines about the sandbox here; the workers of a cluster report theirs.

    Raises:
        UsageError: the options ask for what this machine does not have.
    """
    return sandbox_status(chosen_hosting(options)) if is_here(options) else []


def processes_here(options: argparse.Namespace, console: Console) -> int:
    """Return how many processes of this machine do jobs, by --jobs and its memory."""
    jobs: int = options.jobs
    return chosen_processes(options, console) if is_here(options) else jobs


def chosen_engine(
    options: argparse.Namespace, console: Console, workers: int
) -> "DaskEngine | None":
    """Connect to the cluster that the options name; return None for no cluster.

    Raises:
        UsageError: it cannot be used.
    """
    hosting = chosen_hosting(options)
    return connected(options.dask, workers, hosting, lambda line: say(console, line))
