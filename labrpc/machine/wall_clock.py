"""The only door to the machine's clock, for watchdogs and for real time."""

import time
from collections.abc import Iterable
from contextlib import suppress


def cpu_seconds() -> float:
    """Return the CPU time that this process has used."""
    return time.process_time()


def cpu_seconds_of(pid: int) -> float:
    """Return the CPU time that another process has used.

    Raises:
        OSError: it is gone.
    """
    # What clock_getcpuclockid(3) makes of a process's number, on Linux.
    return time.clock_gettime(~pid << 3 | 2)


def cpu_seconds_of_all(pids: Iterable[int]) -> float:
    """Return the CPU time that processes have used together, without those that are gone."""
    seconds = 0.0
    for pid in pids:
        with suppress(OSError):
            seconds += cpu_seconds_of(pid)
    return seconds


def monotonic_ns() -> int:
    """Return the machine's time, in nanoseconds since some moment of the past."""
    return time.monotonic_ns()


def sleep_s(seconds: float) -> None:
    """Make the current thread wait in real time: for servers on real threads."""
    time.sleep(seconds)


class Deadline:
    """A moment in real time, for waiting on another process."""

    def __init__(self, seconds: float) -> None:
        self._at_s = time.monotonic() + seconds

    def left_s(self) -> float:
        """Return the seconds that are left, negative when it has passed."""
        return self._at_s - time.monotonic()
