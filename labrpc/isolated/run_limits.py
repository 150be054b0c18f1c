"""Limits of CPU time, sleep and memory for all servers of one run together.

They are checked by time, not by steps: a submission decides how much a step costs. Only
the moment of a check depends on real time; the load of the machine changes nothing of
what is measured.
"""

import os
from collections.abc import Iterable
from contextlib import suppress

from labrpc import codes
from labrpc.errors import SubmissionError
from labrpc.machine.activity import IdleMeter
from labrpc.machine.memory import RUN_BYTES_MAX, SOMETHING_GROWS, bytes_of
from labrpc.machine.wall_clock import (
    cpu_seconds,
    cpu_seconds_of,
    cpu_seconds_of_all,
    monotonic_ns,
)
from labrpc.machine.watchdog import RUN_CPU_S_MAX

LOOK_MS = 100
# An ordinary run is idle for some milliseconds, whenever a process is made or ended.
RUN_IDLE_S_MAX = 30.0
_NS_PER_MS = 1_000_000


class RunLimits:
    """Looks after the processes of one run.

    Args:
        zygote_pid: the process that makes the boxes, which counts as one of theirs.

    Attributes:
        cpu_s: the CPU seconds that boxes have used which are no more.
    """

    def __init__(self, zygote_pid: int) -> None:
        self._zygote_pid = zygote_pid
        self._boxes: list[int] = []
        self._ended_cpu_s = 0.0
        self.begin()

    @property
    def cpu_s(self) -> float:
        """CPU seconds that zygote and boxes have used so far, in all runs."""
        return self._ended_cpu_s + cpu_seconds_of_all([self._zygote_pid, *self._boxes])

    @property
    def idle_s(self) -> float:
        """Seconds of the run in which nobody ran or waited for a processor."""
        return self._idle.idle_s

    def begin(self) -> None:
        """Forget what earlier runs have used up."""
        self._next_look_ns = 0
        self._began_cpu_s = self.cpu_s + cpu_seconds()
        self._zygote_bytes = bytes_of(self._zygote_pid)
        self._judge_bytes = bytes_of(os.getpid())
        self._idle = IdleMeter(self._all(), LOOK_MS)

    def add(self, pid: int) -> None:
        """Look after a box."""
        self._boxes.append(pid)

    def end(self, pid: int) -> None:
        """Take in what a box has used that is about to be killed."""
        with suppress(OSError):
            self._ended_cpu_s += cpu_seconds_of(pid)
        self._idle.end(pid)
        self._boxes.remove(pid)

    def look_if_due(self) -> None:
        """Look, unless the last look was a moment ago.

        Raises:
            SubmissionError: as `look` does.
        """
        if monotonic_ns() >= self._next_look_ns:
            self.look()

    def look(self) -> None:
        """End the run if it has taken too much.

        Raises:
            SubmissionError: it has.
        """
        self._next_look_ns = monotonic_ns() + LOOK_MS * _NS_PER_MS
        if self.cpu_s + cpu_seconds() - self._began_cpu_s > RUN_CPU_S_MAX:
            raise SubmissionError(
                codes.RUN_CPU_LIMIT,
                f"the run used more than {RUN_CPU_S_MAX:.0f} s of CPU time",
                "most often a thread wakes up far too often, or computes for too long: "
                "let it wait for what it needs",
            )
        if self._idle.look(self._all()) > RUN_IDLE_S_MAX:
            raise SubmissionError(
                codes.RUN_IDLE_LIMIT,
                "the servers' processes slept for more than "
                f"{RUN_IDLE_S_MAX:.0f} s of real time in total",
                "a server may wait in virtual time only, through the simulated modules",
            )
        self.check_memory()

    def check_memory(self, ended_bytes_max: int = 0) -> None:
        """End the run if its servers take too much memory.

        Args:
            ended_bytes_max: the most that a box has used that is no more.

        Raises:
            SubmissionError: they do.
        """
        # What servers send and save, the judge has to hold.
        used = max(0, bytes_of(os.getpid()) - self._judge_bytes)
        used += max(0, ended_bytes_max - self._zygote_bytes)
        for pid in self._boxes:
            # What the interpreter takes, each box has from the zygote.
            used += max(0, bytes_of(pid) - self._zygote_bytes)
        if used > RUN_BYTES_MAX:
            raise SubmissionError(
                codes.MEMORY_LIMIT,
                "memory limit: the servers, and what they sent and saved, take more than "
                f"{RUN_BYTES_MAX >> 20} MB together",
                SOMETHING_GROWS,
            )

    def _all(self) -> Iterable[int]:
        return (os.getpid(), self._zygote_pid, *self._boxes)
