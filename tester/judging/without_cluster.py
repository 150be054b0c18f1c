"""What runs without a cluster have in common: limits, costs, and what broke."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from labrpc import codes as labrpc_codes
from labrpc.box_factory import BoxFactory
from labrpc.machine import memory
from labrpc.machine.wall_clock import cpu_seconds
from tester import codes
from tester.verdict import Run, Verdict, conclude


@contextmanager
def judged_without_cluster(run: Run, boxes: BoxFactory) -> Iterator[None]:
    """Note in a run what the block takes, and what breaks in it.

    Args:
        run: one that has not begun.
        boxes: makes the servers' boxes.
    """
    began_s = cpu_seconds() + boxes.cpu_s
    boxes.begin_run()
    try:
        with warnings.catch_warnings(action="ignore"), memory.limited():
            yield
    except MemoryError:
        memory.lift_limit()
        most = memory.RUN_BYTES_MAX >> 20
        reason = f"memory limit: the servers take more than {most} MB"
        conclude(run, Verdict.FAILED, labrpc_codes.MEMORY_LIMIT, reason)
    except Exception as exc:
        reason = f"the lab itself broke: {type(exc).__name__}: {exc}"
        conclude(run, Verdict.UNKNOWN, codes.LAB_BROKE, reason)
    run.cpu_s = round(cpu_seconds() + boxes.cpu_s - began_s, 6)
    run.idle_s = float(int(boxes.idle_s))
