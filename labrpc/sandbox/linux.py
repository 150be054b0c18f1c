"""Calls of Linux for which Python has no name.

All of them raise OSError, also where the system is another one.
"""

import ctypes
import os
import sys
from typing import Any

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_KEEPCAPS = 8
PR_SET_SECCOMP = 22
PR_SET_NO_NEW_PRIVS = 38
CAP_DAC_READ_SEARCH = 2
_CLONE_NEWNS = 0x20000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 1, 2, 4, 8
_MS_REC, _MS_PRIVATE = 0x4000, 0x40000
_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


def libc_call(name: str, *args: Any) -> int:
    """Call a function of the C library that returns -1 when it fails."""
    if sys.platform != "linux":
        raise OSError(0, f"{name} is a call of Linux")
    ctypes.set_errno(0)
    result: int = getattr(_libc, name)(*args)
    if result < 0:
        errno = ctypes.get_errno()
        raise OSError(errno, f"{name}: {os.strerror(errno)}")
    return result


def prctl(option: int, argument: Any, pointer: Any = None) -> None:
    """Change a setting of this process."""
    libc_call("prctl", option, argument, pointer, None, None)


def syscall(number: int, *args: Any) -> int:
    """Do a system call that the C library does not wrap."""
    return libc_call("syscall", ctypes.c_long(number), *args)


def pin_to_one_core(number: int) -> None:
    """Let this process, and those it makes, run on one core from now on.

    A judge and a box take turns, never at once: on one core, the one that waits
    wakes several times faster.

    Args:
        number: consecutive ones, as of the workers of a pool, get different cores.
    """
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[number % len(cores)]})


def hide_file_system(mounted_at: str) -> None:
    """Let this process, and those it makes, find nothing in a mounted file system.

    Raises:
        OSError: this process is not the superuser, or not in this container, or nothing
            is mounted there.
    """
    libc_call("unshare", _CLONE_NEWNS)
    # What is mounted over it stays in this namespace. In a chroot, `/` itself may not be
    # mounted, and cannot be made private.
    path = os.fsencode(mounted_at)
    libc_call("mount", b"none", path, None, _MS_PRIVATE, None)
    flags = _MS_RDONLY | _MS_NOSUID | _MS_NODEV | _MS_NOEXEC
    libc_call("mount", b"none", path, b"tmpfs", flags, None)


def keep_capabilities(*capabilities: int) -> None:
    """Give up all that the superuser may do but these."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    mask = sum(1 << capability for capability in capabilities)
    # For numbers below 32 and from there on: effective, permitted, inheritable.
    data = (ctypes.c_uint32 * 6)(mask, mask, 0, 0, 0, 0)
    libc_call("capset", header, data)
