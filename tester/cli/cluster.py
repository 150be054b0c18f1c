"""The cluster that --dask names, for commands that can run on one."""

import argparse

from rich.console import Console

from tester.cli.hosting_options import chosen_hosting
from tester.cli.options import LOCAL
from tester.console import say
from tester.errors import UsageError
from tester.grading.plan import Plan
from tester.workers.engine import Engine


def chosen_engine(
    options: argparse.Namespace, console: Console, plan: Plan, workers: int
) -> Engine | None:
    """Connect to the cluster that the options name; return None for this machine.

    Raises:
        UsageError: it cannot be used, or not for this plan.
    """
    if options.dask is None:
        return None
    if any(test.suite is not None for test in plan.tests):
        raise UsageError(
            "--dask runs the lab's own tests only, and not those of --suite or of a "
            "rubric's suites: cut the grading with --shard instead"
        )
    try:
        from tester.cluster_engine.dask_engine import DaskEngine
    except ModuleNotFoundError as exc:
        if exc.name != "distributed":
            raise
        raise UsageError(
            '--dask needs the extra `cluster`: pip install "raft-lab[cluster]"'
        ) from None
    return DaskEngine(
        None if options.dask == LOCAL else options.dask,
        workers,
        chosen_hosting(options),
        lambda line: say(console, line),
    )
