"""`time` in virtual time."""

import calendar
import time as real_time
from collections.abc import Callable
from types import ModuleType
from typing import Any

from labrpc.clock import EPOCH_NS, SECOND, from_seconds
from labrpc.scheduling.scheduler import current_scheduler
from labrpc.simulated.module_copy import copy_of


def monotonic_ns() -> int:
    """Return virtual nanoseconds since the world began."""
    return current_scheduler().read_clock()


def monotonic() -> float:
    """Return virtual seconds since the world began."""
    return current_scheduler().read_clock() / SECOND


def time_ns() -> int:
    """Return the virtual date in nanoseconds since 1970."""
    return EPOCH_NS + current_scheduler().read_clock()


def time() -> float:
    """Return the virtual date in seconds since 1970."""
    return (EPOCH_NS + current_scheduler().read_clock()) / SECOND


def sleep(seconds: float) -> None:
    """Make the current thread wait for so much virtual time."""
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    # One of no length only lets others go on.
    waits_for = "sleep" if seconds else "its turn"
    current_scheduler().sleep(from_seconds(seconds), waits_for)


def _of_now(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a function of a date the virtual one as its default."""

    def wrapped(seconds: float | None = None) -> Any:
        return function(time() if seconds is None else seconds)

    return wrapped


def strftime(format: str, when: Any = None) -> str:
    """Format a date, the virtual one by default."""
    # UTC, so that what a server prints does not depend on where it runs.
    return real_time.strftime(format, when or real_time.gmtime(time()))


def asctime(when: Any = None) -> str:
    """Return a date as text, the virtual one by default."""
    return real_time.asctime(when or real_time.gmtime(time()))


def clock_gettime(clock: int) -> float:
    """Return the virtual date for CLOCK_REALTIME, else seconds since the start."""
    return time() if clock == real_time.CLOCK_REALTIME else monotonic()


def clock_gettime_ns(clock: int) -> int:
    """Return the same as `clock_gettime`, in nanoseconds."""
    return time_ns() if clock == real_time.CLOCK_REALTIME else monotonic_ns()


def as_module() -> ModuleType:
    """Return the module that a server imports as `time`."""
    module = copy_of(real_time)
    names = vars(module)
    made: dict[str, Callable[..., Any]] = {
        function.__name__: function
        for function in (
            monotonic_ns, monotonic, time_ns, time, sleep, strftime, asctime,
            clock_gettime, clock_gettime_ns,
        )
    }  # fmt: skip
    made["perf_counter"] = made["process_time"] = made["thread_time"] = monotonic
    made["perf_counter_ns"] = made["process_time_ns"] = monotonic_ns
    made["thread_time_ns"] = monotonic_ns
    made["localtime"] = made["gmtime"] = _of_now(real_time.gmtime)
    made["ctime"] = _of_now(lambda seconds: asctime(real_time.gmtime(seconds)))
    # Real ones do not become methods as a class's attribute, as in
    # `logging.Formatter.converter = time.gmtime`; Python functions would.
    names.update({name: staticmethod(function) for name, function in made.items()})
    names["mktime"] = calendar.timegm
    names["timezone"] = names["altzone"] = names["daylight"] = 0
    names["tzname"] = ("UTC", "UTC")
    return module
