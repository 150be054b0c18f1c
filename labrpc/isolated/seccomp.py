"""Which system calls a process may still make: a filter that the kernel runs.

A list of what is allowed, since what a new kernel brings is then refused too.
All else fails with EPERM, which a program sees as any other error: sockets, new
processes and threads, signals to others, shared memory, tracing, sleeping.
"""

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterable

from labrpc.isolated.linux import PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, prctl

_MODE_FILTER = 2
_AUDIT_ARCH_X86_64 = 0xC000003E
# The program's instructions (linux/bpf_common.h), and what it looks at.
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_NUMBER_AT, _ARCH_AT, _ARGS_AT = 0, 4, 16
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM

# The numbers of x86_64. First those that a box makes all the time.
BOX_CALLS = {
    "read": 0, "write": 1, "rt_sigreturn": 15, "setitimer": 38, "mmap": 9,
    "munmap": 11, "brk": 12, "getrusage": 98, "madvise": 28, "rt_sigprocmask": 14,
    "rt_sigaction": 13, "futex": 202, "mremap": 25, "mprotect": 10, "close": 3,
    "stat": 4, "fstat": 5, "lstat": 6, "newfstatat": 262, "statx": 332,
    "openat": 257, "open": 2, "lseek": 8, "pread64": 17, "readv": 19,
    "getdents64": 217, "readlink": 89, "readlinkat": 267, "access": 21,
    "faccessat": 269, "faccessat2": 439, "getcwd": 79, "clock_gettime": 228,
    "clock_getres": 229, "gettimeofday": 96, "time": 201, "times": 100,
    "getrandom": 318, "getitimer": 36, "getpid": 39, "getppid": 110, "gettid": 186,
    "getuid": 102, "geteuid": 107, "getgid": 104, "getegid": 108,
    "getresuid": 118, "getresgid": 120, "getpgrp": 111, "getpgid": 121,
    "sigaltstack": 131, "sched_yield": 24, "sched_getaffinity": 204, "uname": 63,
    "getcpu": 309, "arch_prctl": 158, "set_robust_list": 273, "rseq": 334,
    "set_tid_address": 218, "restart_syscall": 219, "exit": 60, "exit_group": 231,
}  # fmt: skip
# What the zygote needs besides, to make boxes and to lock them in.
ZYGOTE_CALLS = {
    "clone": 56, "fork": 57, "vfork": 58, "wait4": 61, "sendmsg": 46, "recvmsg": 47,
    "sendto": 44, "recvfrom": 45, "pidfd_open": 434, "prctl": 157, "seccomp": 317,
}  # fmt: skip
# Allowed with certain values of one argument only: the call, the argument's place.
_FCNTL, _IOCTL, _PRLIMIT64, _TGKILL = 72, 16, 302, 234
_FCNTL_COMMANDS = {"F_DUPFD": 0, "F_GETFD": 1, "F_SETFD": 2, "F_GETFL": 3,
                   "F_DUPFD_CLOEXEC": 1030}  # fmt: skip
_IOCTL_REQUESTS = {"TCGETS": 0x5401, "FIOCLEX": 0x5451, "FIONCLEX": 0x5450}


def missing() -> str:
    """Return why there can be no filter on this machine, "" if there can."""
    machine = platform.machine()
    return "" if machine == "x86_64" else f"no list of system calls for {machine}"


def confine_zygote() -> None:
    """Refuse, in this process and those it makes, all but what these calls do.

    Raises:
        OSError: the kernel takes no filter.
    """
    lines = [_line(_LOAD, 0, 0, _NUMBER_AT)]
    for number in (BOX_CALLS | ZYGOTE_CALLS).values():
        lines += _if_number(number, _ALLOW)
    lines += _if_argument(_FCNTL, 1, _FCNTL_COMMANDS.values())
    lines += _if_argument(_IOCTL, 1, _IOCTL_REQUESTS.values())
    lines += _if_argument(_PRLIMIT64, 0, [0])
    # A signal to a thread; a box may send them to itself, as `abort` does.
    lines += _if_number(_TGKILL, _ALLOW)
    _install([*lines, _line(_RETURN, 0, 0, _REFUSE)])


def confine_box() -> None:
    """Refuse, on top of that, what only the zygote has to do."""
    lines = [_line(_LOAD, 0, 0, _NUMBER_AT)]
    for number in ZYGOTE_CALLS.values():
        lines += _if_number(number, _REFUSE)
    lines += _if_argument(_TGKILL, 0, [os.getpid()])
    _install([*lines, _line(_RETURN, 0, 0, _ALLOW)])


def _install(lines: list[bytes]) -> None:
    """Give the kernel a program, which runs at every system call from now on."""
    lines = [
        _line(_LOAD, 0, 0, _ARCH_AT),
        _line(_JUMP_IF_EQUAL, 1, 0, _AUDIT_ARCH_X86_64),
        _line(_RETURN, 0, 0, _REFUSE),
        *lines,
    ]
    filters = b"".join(lines)
    code = ctypes.create_string_buffer(filters, len(filters))
    # struct sock_fprog: the number of instructions, and where they are.
    program = struct.pack("HP", len(lines), ctypes.addressof(code))
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0)
    prctl(PR_SET_SECCOMP, _MODE_FILTER, ctypes.create_string_buffer(program))


def _if_number(number: int, verdict: int) -> list[bytes]:
    return [_line(_JUMP_IF_EQUAL, 0, 1, number), _line(_RETURN, 0, 0, verdict)]


def _if_argument(number: int, place: int, values: Iterable[int]) -> list[bytes]:
    """Allow a call whose argument, of which 32 bits count, has one of these values."""
    values = list(values)
    body = [_line(_LOAD, 0, 0, _ARGS_AT + 8 * place)]
    for value in values:
        body.append(_line(_JUMP_IF_EQUAL, 0, 1, value))
        body.append(_line(_RETURN, 0, 0, _ALLOW))
    body.append(_line(_RETURN, 0, 0, _REFUSE))
    return [_line(_JUMP_IF_EQUAL, 0, len(body), number), *body]


def _line(code: int, if_true: int, if_false: int, constant: int) -> bytes:
    """Return one instruction: struct sock_filter."""
    return struct.pack("HBBI", code, if_true, if_false, constant)
