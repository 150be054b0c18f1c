"""The only door to the machine's clock: what reads it, and a watchdog.

Virtual time stands still while a thread runs. A thread that runs on without
ever waiting would stop the world, so a timer of the process's CPU time looks
in and takes the thread out. CPU time does not pass while the machine is busy
with something else, so a loaded machine does not change a verdict.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from labrpc.errors import SubmissionError
from labrpc.threads import current_task
from labrpc.world import World

TICK_S = 0.05
# CPU time that one step may take. An ordinary one takes less than a millisecond.
STEP_CPU_S_MAX = 1.0
# CPU time that one run may take. An ordinary one takes less than a second.
RUN_CPU_S_MAX = 120.0


# Called at every tick, if set: shows another process that this one still runs
# Python. A call into C that does not return shows itself by the silence.
pulse: Callable[[], None] | None = None


class RunawayError(SubmissionError):
    """A thread ran on and on without waiting."""


def cpu_seconds() -> float:
    """Return the CPU time that this process has used."""
    return time.process_time()


def cpu_seconds_of(pid: int) -> float:
    """Return the CPU time that another process has used, 0 where that is unknown."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return 0.0
    # Fields 14 and 15 of proc(5): user and system time, in clock ticks.
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def monotonic_ns() -> int:
    """Return the machine's time, in nanoseconds since some moment of the past."""
    return time.monotonic_ns()


def sleep_s(seconds: float) -> None:
    """Make the current thread wait in real time: for servers on real threads."""
    time.sleep(seconds)


class Watchdog:
    """Looks after one world while it runs."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._steps_seen = -1
        self._step_began_s = 0.0
        self._run_began_s = cpu_seconds()

    def tick(self, signum: int, frame: FrameType | None) -> None:
        """Stop the step under way if it has taken too long."""
        if pulse is not None:
            pulse()
        now_s = cpu_seconds()
        world = self._world
        if sys.gettrace() is not None:
            # Somebody looks at the program in a debugger: that may take as long
            # as it likes.
            self._steps_seen = -1
            self._run_began_s = now_s
            return
        if world.steps != self._steps_seen:
            self._steps_seen = world.steps
            self._step_began_s = now_s
        if world.stepping is None or current_task() is None:
            return
        if now_s - self._step_began_s > STEP_CPU_S_MAX:
            self._stop(
                f"has run for {STEP_CPU_S_MAX:.0f} s of CPU time without waiting",
                "a loop must wait for something on each turn: a Condition, a queue, "
                "or time.sleep",
            )
        elif now_s - self._run_began_s > RUN_CPU_S_MAX:
            self._stop(
                f"took part in a run that used {RUN_CPU_S_MAX:.0f} s of CPU time",
                "some thread wakes up far too often: let it wait for what it needs",
            )

    def _stop(self, what: str, advice: str) -> None:
        """Leave the running thread for good; the world goes on to end the test."""
        host = self._world.stepping
        task = current_task()
        assert host is not None
        assert task is not None
        runaway = RunawayError(
            f"server {host.server}: runaway loop: thread {task.name!r} {what}",
            f"{host.box.runaway()}\n{advice}",
        )
        task.scheduler.stop(runaway)


@contextmanager
def watchdog(world: World) -> Iterator[Watchdog]:
    """Watch over the steps of a world while the block runs.

    Without effect outside the main thread, where Python takes no signals.
    """
    dog = Watchdog(world)
    if threading.current_thread() is not threading.main_thread():
        yield dog
        return
    before: Callable[..., object] | int | None = signal.signal(signal.SIGPROF, dog.tick)
    signal.setitimer(signal.ITIMER_PROF, TICK_S, TICK_S)
    try:
        yield dog
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


class Deadline:
    """A moment in real time, for waiting on another process."""

    def __init__(self, seconds: float) -> None:
        self._at_s = time.monotonic() + seconds

    def left_s(self) -> float:
        """Return the seconds that are left, negative when it has passed."""
        return self._at_s - time.monotonic()
