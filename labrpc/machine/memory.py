"""How much memory a run may take, so that a leak ends its run and not the machine.

Counts address space, which the system can limit: also what was asked for and
not yet used. Without effect where the system does not report it (`is_limited`).
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import ModuleType

from labrpc.machine.proc_files import read_proc

resource: ModuleType | None
try:
    import resource
except ImportError:  # As on Windows.
    resource = None

# What the servers of one run may take together, wherever they live. An ordinary run
# takes 30 MB.
RUN_BYTES_MAX = 384 << 20
# What is said where nothing shows what takes the memory.
SOMETHING_GROWS = "some list, log or message grows without end"
# Each at the beginning of a line, which a process cannot forge by its name.
_OWN_MEMORY = (b"\nRssAnon:", b"\nRssShmem:", b"\nVmSwap:")


def bytes_in_use() -> int:
    """Return how much memory this process has asked for, 0 where that is unknown.

    In a sandbox, which hides `/proc`, the most that it has ever used.
    """
    if resource is None:
        return 0
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        if not os.path.isdir("/proc"):
            return 0
        most: int = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
        return most


def is_limited() -> bool:
    """Return whether this system says how much memory a process uses."""
    return bytes_in_use() > 0


def bytes_of(pid: int) -> int:
    """Return the memory that another process keeps to itself, 0 if it is gone.

    That which is written to, also where it was moved to the disk; files do not count.
    """
    try:
        status = read_proc(pid, "status")
    except OSError:
        return 0
    kilobytes = 0
    for name in _OWN_MEMORY:
        _, _, rest = status.partition(name)
        kilobytes += int(rest.split(maxsplit=1)[0]) if rest else 0
    return kilobytes << 10


@contextmanager
def limited() -> Iterator[None]:
    """Let single allocations fail, while the block runs, that go far beyond the limit.

    The watchdog looks after what grows little by little; but it cannot look in
    while one function of C asks for everything.
    """
    used = bytes_in_use()
    if resource is None or not used:
        yield
        return
    before, hard = resource.getrlimit(resource.RLIMIT_AS)
    _set_limit(used + 2 * RUN_BYTES_MAX, hard)
    try:
        yield
    finally:
        _set_limit(before, hard)


def lift_limit() -> None:
    """Make room to say what has gone wrong, when the limit was reached."""
    if resource is not None:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        _set_limit(hard, hard)


def _set_limit(soft: int, hard: int) -> None:
    assert resource is not None
    if hard != resource.RLIM_INFINITY and not 0 <= soft <= hard:
        soft = hard
    with suppress(ValueError, OSError):  # Not every system has this limit.
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
