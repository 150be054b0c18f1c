"""Active and idle time of processes, from `/proc/PID/schedstat`.

A process is active while it runs, and while it waits for a processor that others use.
So the time that it is idle does not grow with the load of the machine: it sleeps, or
waits for another process.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass

from labrpc.machine.proc_files import read_proc
from labrpc.machine.wall_clock import monotonic_ns

_NS = 1_000_000_000
# States of /proc/PID/stat: sleeps, was stopped, is stopped by a tracer.
_ASLEEP = (b"S", b"T", b"t")


@dataclass(frozen=True)
class Activity:
    """What the kernel has counted of a process so far.

    Attributes:
        active_s: seconds in which it ran or waited for a processor.
        turns: how often it got a processor.
    """

    active_s: float
    turns: int


def activity_of(pid: int) -> Activity | None:
    """Return the activity of a process, None if it is gone or nobody counts."""
    try:
        ran_ns, waited_ns, turns = map(int, read_proc(pid, "schedstat").split())
    except (OSError, ValueError):
        return None
    return Activity((ran_ns + waited_ns) / _NS, turns)


def is_asleep(pid: int) -> bool:
    """Return whether a process sleeps at this moment, False if it is gone."""
    try:
        text = read_proc(pid, "stat")
    except OSError:
        return False
    return text.rpartition(b")")[2].split()[0] in _ASLEEP


class IdleMeter:
    """Adds up the real time in which none of several processes was active.

    Args:
        pids: the processes that take turns; those that `look` names for the first
            time were made since.
        look_ms: how often somebody looks. No look adds more than twice of this: after
            a longer time, the process that looks was stopped itself.
    """

    def __init__(self, pids: Iterable[int], look_ms: int) -> None:
        self._window_s_max = 2 * look_ms / 1000
        self._looked_ns = monotonic_ns()
        self._kernel_counts = activity_of(os.getpid()) is not None
        self._active_s: dict[int, float] = {}
        self._ended_s = 0.0
        self.idle_s = 0.0
        for pid in pids:
            self._since_last_look(pid)

    def look(self, pids: Iterable[int]) -> float:
        """Add the time since the last look; return the idle seconds so far."""
        now_ns = monotonic_ns()
        window_s = min((now_ns - self._looked_ns) / _NS, self._window_s_max)
        self._looked_ns = now_ns
        if self._kernel_counts:
            active_s = self._ended_s + sum(map(self._since_last_look, pids))
            self.idle_s += max(0.0, window_s - active_s)
            self._ended_s = 0.0
        elif all(is_asleep(pid) for pid in pids if pid != os.getpid()):
            # What is seen at each look must do.
            self.idle_s += window_s
        return self.idle_s

    def end(self, pid: int) -> None:
        """Take in what a process has done that is about to be killed."""
        self._ended_s += self._since_last_look(pid)
        self._active_s.pop(pid, None)

    def _since_last_look(self, pid: int) -> float:
        activity = activity_of(pid)
        if activity is None:
            return 0.0
        before_s = self._active_s.get(pid, 0.0)
        self._active_s[pid] = activity.active_s
        return activity.active_s - before_s
