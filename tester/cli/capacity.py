"""The number of grading processes: --jobs, or as many as there is memory for."""

import argparse

from rich.console import Console

from labrpc.machine.free_memory import free_bytes
from labrpc.machine.memory import RUN_BYTES_MAX
from tester.console import say
from tester.errors import UsageError

# The process that judges, and the interpreter in each server's process.
JUDGE_BYTES = 160 << 20
BYTES_PER_RUN = RUN_BYTES_MAX + JUDGE_BYTES


def chosen_processes(options: argparse.Namespace, console: Console) -> int:
    """Return how many grading processes to start, and say so if memory limits it.

    Each run may take a fixed amount of memory. Where there is less, the machine would
    end runs, and it could not be decided whose fault that was.

    Raises:
        UsageError: there is not enough memory for one.
    """
    wanted: int = options.jobs
    free = free_bytes()
    if free is None:
        return wanted
    need = f"memory: a run may take {BYTES_PER_RUN >> 20} MB, its judge included"
    fit = free // BYTES_PER_RUN
    if not fit:
        raise UsageError(
            f"{need}, and {free >> 20} MB are free: give the machine or the container "
            "more, or end other programs"
        )
    if fit < wanted:
        say(console, f"{need}: {fit} at a time instead of {wanted}")
    return min(wanted, fit)
