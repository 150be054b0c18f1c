"""The option --dask, and the cluster that it names."""

import argparse
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from tester.errors import UsageError
from tester.judging.run_hosting import RunHosting

if TYPE_CHECKING:
    from tester.cluster_engine.dask_engine import DaskEngine

# Stands for the address of workers on this machine.
LOCAL = "local"
# What the extra `cluster` installs.
EXTRA = ("dask", "distributed")


def add_dask(parser: argparse.ArgumentParser) -> None:
    """Add the option that names a cluster."""
    parser.add_argument(
        "--dask",
        nargs="?",
        const=LOCAL,
        type=cluster_address,
        metavar="ADDRESS",
        help="run on the workers of the Dask scheduler at this address; without one, on "
        "new workers of this machine: see docs/shards.md",
    )


def cluster_address(text: str) -> str:
    """Return the address of a cluster, for argparse."""
    if text != LOCAL and not re.fullmatch(r"[a-z]+://.+", text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no address such as tls://10.1.2.3:8786; for workers of this "
            "machine, write --dask at the end of the command"
        )
    return text


def connected(
    address: str | None, workers: int, hosting: RunHosting, note: Callable[[str], None]
) -> "DaskEngine | None":
    """Connect to the cluster that --dask names; return None where it is not given.

    Args:
        address: what the option says.
        workers: how many to start on this machine, if it names no scheduler.
        hosting: how runs are hosted: a worker that cannot is given no jobs.
        note: takes lines for a person.

    Raises:
        UsageError: the cluster cannot be used.
    """
    if address is None:
        return None
    try:
        from tester.cluster_engine.dask_engine import DaskEngine
    except ModuleNotFoundError as exc:
        if exc.name not in EXTRA:
            raise
        raise UsageError(
            '--dask needs the extra `cluster`: pip install "raft-lab[cluster]"'
        ) from None
    return DaskEngine(None if address == LOCAL else address, workers, hosting, note)
