"""The walls around a submission's code, put up before any of it runs.

The zygote calls `confine` once, each box `confine_box` on top. Where the machine
lacks a mechanism, the rest still stands, and the report says what is missing.

A server writes no file at all, not even in a folder of its own: what has to survive
a crash goes to the persister, and what one incarnation left behind for the next
one, or for another server, would be a way around it.
"""

import os
import pwd
import resource
import signal
import site
import sysconfig
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import labrpc
from labrpc.machine.memory import bytes_in_use
from labrpc.sandbox import landlock, seccomp
from labrpc.sandbox.linux import (
    CAP_DAC_READ_SEARCH,
    PR_SET_DUMPABLE,
    PR_SET_KEEPCAPS,
    PR_SET_PDEATHSIG,
    hide_file_system,
    keep_capabilities,
    prctl,
)
from labrpc.sandbox.measure import Measure

# What one server may take: an ordinary one takes some 10 MB beyond the interpreter.
# The first is what a watchdog looks for, the second what the system does not give.
BOX_BYTES_MAX = 256 << 20
ADDRESS_SPACE_BYTES = 512 << 20
BOX_CPU_S_MAX = 200
# Room for a report between the limit that raises and the one that kills.
CPU_S_GRACE = 5
OPEN_FILES_MAX = 64
NOBODY = 65534

LIMITS, USER, FILES, SYSTEM_CALLS = WALLS = ("limits", "user", "files", "system calls")

# Where shared libraries lie that a module may still load, and the time zone.
_SYSTEM = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/share/zoneinfo",
           "/etc/localtime", "/etc/ld.so.cache")  # fmt: skip
# Beside the modules of others, but the lab's own: its tests, its solution.
_THE_LABS = ("tester", "raft", "tests", "grade.py")
_NESTED = ("site-packages", "dist-packages")


def confine(files: Iterable[Path], without: Collection[str] = ()) -> list[Measure]:
    """Lock this process, and those it makes, in; `files` may still be read.

    Returns what is in force now and what is not.

    Args:
        files: those of the submission.
        without: walls to leave out: for tests, which show what each one is for.
    """
    readable = [*_python(), *files]
    build = {
        LIMITS: _limits,
        USER: lambda: _become_nobody(readable),
        FILES: lambda: _files(readable),
        SYSTEM_CALLS: _system_calls,
    }
    return [
        Measure(wall, False, "left out, for a test") if wall in without else put_up()
        for wall, put_up in build.items()
    ]


def confine_box(without: Collection[str] = ()) -> None:
    """Lock in this process, which is a box from now on."""
    with suppress(OSError):
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if LIMITS not in without:
        _limit(resource.RLIMIT_CPU, BOX_CPU_S_MAX, CPU_S_GRACE)
        _limit(resource.RLIMIT_NPROC, 0)
    if SYSTEM_CALLS not in without and not seccomp.missing():
        with suppress(OSError):  # The zygote's own filter has been reported.
            seccomp.confine_box()


def _limits() -> Measure:
    for limit, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES_MAX),
    ):
        _limit(limit, most)
    used = bytes_in_use()
    if not used:
        detail = "memory is not limited: this system does not report how much is used"
        return Measure(LIMITS, False, detail)
    _limit(resource.RLIMIT_AS, used + ADDRESS_SPACE_BYTES)
    detail = (
        f"{ADDRESS_SPACE_BYTES >> 20} MB of memory, {BOX_CPU_S_MAX} s of CPU and "
        f"{OPEN_FILES_MAX} open files for each server, which makes no processes"
    )
    return Measure(LIMITS, True, detail)


def _limit(limit: int, most: int, grace: int = 0) -> None:
    _, hard = resource.getrlimit(limit)
    ceiling = most + grace
    if hard != resource.RLIM_INFINITY:
        most, ceiling = min(most, hard), min(ceiling, hard)
    resource.setrlimit(limit, (most, ceiling))


def _files(readable: list[Path]) -> Measure:
    try:
        version = landlock.allow_reading(readable)
    except OSError as exc:
        detail = "a server may read what is on this machine"
        return Measure(FILES, False, f"{detail}: no Landlock here ({exc.strerror})")
    detail = f"reads Python and the submission, writes nothing (Landlock {version})"
    return Measure(FILES, True, detail)


def _become_nobody(readable: list[Path]) -> Measure:
    is_root = os.geteuid() == 0
    if is_root:
        # What a process has open, and that it lives, is seen in /proc.
        with suppress(OSError):
            hide_file_system("/proc")
    measure = _give_up_root(readable) if is_root else _user_of_the_grader()
    # A process of the same user may look into /proc/PID/fd, unless that is forbidden;
    # becoming another user forbids it.
    with suppress(OSError):
        prctl(PR_SET_DUMPABLE, 0)
    return measure


def _user_of_the_grader() -> Measure:
    name = _user_name(os.geteuid())
    return Measure(USER, True, f"{name}, who has started the grader")


def _give_up_root(readable: list[Path]) -> Measure:
    # Python may lie in root's own folders. What nobody may read of all else is for
    # Landlock to say; without it, this is still less than root may.
    readable_by_all = all(map(_readable_by_all, readable))
    needed = [] if readable_by_all else [CAP_DAC_READ_SEARCH]
    try:
        prctl(PR_SET_KEEPCAPS, 1)
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        keep_capabilities(*needed)
    except OSError as exc:
        return Measure(USER, False, f"root: {exc}")
    return Measure(USER, True, f"{_user_name(NOBODY)}, not root")


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _readable_by_all(path: Path) -> bool:
    if not path.exists():
        return True
    below = all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents)
    return below and bool(path.stat().st_mode & 0o004)


def _system_calls() -> Measure:
    reason = seccomp.missing()
    if not reason:
        try:
            seccomp.confine_zygote()
        except OSError as exc:
            reason = f"no seccomp here ({exc.strerror})"
    if reason:
        detail = "a server may open sockets and signal processes of its user"
        return Measure(SYSTEM_CALLS, False, f"{detail}: {reason}")
    return Measure(
        SYSTEM_CALLS,
        True,
        "no network, processes, threads, signals or tracing (seccomp)",
    )


def _python() -> Iterator[Path]:
    """Return what Python itself may still have to read: modules, libraries."""
    paths = sysconfig.get_paths()
    for name in ("stdlib", "platstdlib"):
        yield from _children(Path(paths[name]))
    packages = {paths["purelib"], paths["platlib"], *site.getsitepackages()}
    for folder in sorted(packages):
        yield from _children(Path(folder))
    # An interpreter of its own brings its libraries along.
    base = Path(sysconfig.get_config_var("installed_base") or "/usr") / "lib"
    with suppress(OSError):
        yield from sorted(base.glob("*.so*"))
    yield Path(labrpc.__file__).parent
    yield from map(Path, _SYSTEM)


def _children(folder: Path) -> list[Path]:
    """Return what a folder of modules holds, but for the lab itself."""
    try:
        children = sorted(folder.iterdir())
    except OSError:
        return []
    return [c for c in children if c.name not in (*_THE_LABS, *_NESTED)]
