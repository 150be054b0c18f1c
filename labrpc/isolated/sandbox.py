"""The walls around a submission's code, put up before any of it runs.

The zygote calls `confine` once, each box `confine_box` on top. Where the machine
lacks a mechanism, the rest still stands, and the report says what is missing.
"""

import os
import pwd
import resource
import signal
import site
import sysconfig
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import labrpc
from labrpc.isolated import landlock, seccomp
from labrpc.isolated.frames import Measure
from labrpc.isolated.linux import (
    CAP_DAC_READ_SEARCH,
    PR_SET_KEEPCAPS,
    PR_SET_PDEATHSIG,
    keep_capabilities,
    prctl,
)
from labrpc.memory import bytes_in_use

# What one server may take: an ordinary one takes some 10 MB beyond the interpreter.
# The first is what a watchdog looks for, the second what the system does not give.
BOX_BYTES_MAX = 256 << 20
ADDRESS_SPACE_BYTES = 512 << 20
BOX_CPU_S_MAX = 200
OPEN_FILES_MAX = 64
NOBODY = 65534

# Where shared libraries lie that a module may still load, and the time zone.
_SYSTEM = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/share/zoneinfo",
           "/etc/localtime", "/etc/ld.so.cache")  # fmt: skip
# Beside the modules of others, but the lab's own: its tests, its solution.
_THE_LABS = ("tester", "raft", "tests", "grade.py")
_NESTED = ("site-packages", "dist-packages")


def confine(files: Iterable[Path]) -> list[Measure]:
    """Lock this process, and those it makes, in; `files` may still be read.

    Returns what is in force now and what is not.
    """
    return [
        _limits(),
        *_user_and_files([*_python(), *files]),
        _system_calls(),
    ]


def confine_box() -> None:
    """Lock in this process, which is a box from now on."""
    with suppress(OSError):
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    _limit(resource.RLIMIT_CPU, BOX_CPU_S_MAX)
    if not seccomp.missing():
        with suppress(OSError):  # The zygote's own filter has been reported.
            seccomp.confine_box()


def _limits() -> Measure:
    used = bytes_in_use()
    for limit, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES_MAX),
        (resource.RLIMIT_AS, used + ADDRESS_SPACE_BYTES),
    ):
        _limit(limit, most)
    detail = (
        f"{ADDRESS_SPACE_BYTES >> 20} MB, {BOX_CPU_S_MAX} s of CPU and "
        f"{OPEN_FILES_MAX} open files for each server"
    )
    if not used:
        return Measure("limits", False, "this system does not tell what memory is used")
    return Measure("limits", True, detail)


def _limit(limit: int, most: int) -> None:
    _, hard = resource.getrlimit(limit)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(limit, (most, most))


def _user_and_files(readable: list[Path]) -> list[Measure]:
    """Become nobody if this is the superuser, and close the file system."""
    try:
        has_landlock = landlock.version() > 0
    except OSError:
        has_landlock = False
    user = _become_nobody(has_landlock, readable)
    try:
        version = landlock.allow_reading(readable)
    except OSError as exc:
        return [user, Measure("files", False, f"no Landlock here ({exc.strerror})")]
    detail = f"reads Python and the submission, writes nothing (Landlock {version})"
    return [user, Measure("files", True, detail)]


def _become_nobody(has_landlock: bool, readable: list[Path]) -> Measure:
    if os.geteuid() != 0:
        name = _user_name(os.geteuid())
        return Measure("user", True, f"{name}, who has started the grader")
    if not has_landlock and not all(map(_readable_by_all, readable)):
        return Measure("user", False, "root, since nobody else can read Python here")
    try:
        prctl(PR_SET_KEEPCAPS, 1)
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        # Python may lie in root's own folders: Landlock says what is read of them.
        keep_capabilities(*([CAP_DAC_READ_SEARCH] if has_landlock else []))
    except OSError as exc:
        return Measure("user", False, f"root: {exc}")
    return Measure("user", True, f"{_user_name(NOBODY)}, not root")


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
    name = "system calls"
    reason = seccomp.missing()
    if not reason:
        try:
            seccomp.confine_zygote()
        except OSError as exc:
            reason = f"no seccomp here ({exc.strerror})"
    if reason:
        return Measure(name, False, reason)
    return Measure(
        name, True, "no network, processes, threads, signals or tracing (seccomp)"
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
