"""Which system calls a process may still make: a filter that the kernel runs.

A list of what is allowed, since what a new kernel brings is then refused too.
All else fails with EPERM, which a program sees as any other error: sockets, new
processes and threads, signals to others, shared memory, tracing, sleeping. Files
are opened for reading only.
"""

import ctypes
import errno
import os
import platform
import signal
import struct
from collections.abc import Iterable

from labrpc.sandbox.linux import PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, prctl
from labrpc.sandbox.system_calls import (
    BOX_CALLS,
    MACHINES,
    ZYGOTE_CALLS,
    Machine,
)

_MODE_FILTER = 2
# The program's instructions (linux/bpf_common.h), and what it looks at.
_LOAD, _JUMP_IF_EQUAL, _JUMP_IF_BITS, _RETURN = 0x20, 0x15, 0x45, 0x06
_NUMBER_AT, _ARCH_AT, _ARGS_AT = 0, 4, 16
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM

# What may be asked of an open file: F_DUPFD, F_GETFD, F_SETFD, F_GETFL,
# F_DUPFD_CLOEXEC; TCGETS, FIOCLEX, FIONCLEX.
_FCNTL_COMMANDS = (0, 1, 2, 3, 1030)
_IOCTL_REQUESTS = (0x5401, 0x5451, 0x5450)
_FUTEX_PRIVATE = 128
_NEGATIVE = 1 << 31
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# What a box may end itself by: `abort`, and faulthandler's stacks. By SIGKILL it
# would look as if the machine had run out of memory, and SIGSTOP keeps the judge.
_OWN_SIGNALS = (signal.SIGABRT, signal.SIGVTALRM)


def missing() -> str:
    """Return why there can be no filter on this machine, "" if there can."""
    machine = platform.machine()
    return "" if machine in MACHINES else f"no list of system calls for {machine}"


def confine_zygote() -> None:
    """Refuse, in this process and those it makes, all but what these calls do.

    Raises:
        OSError: the kernel takes no filter.
    """
    machine = MACHINES[platform.machine()]
    _install(zygote_filter(machine))


def confine_box() -> None:
    """Refuse, on top of that, what only the zygote has to do.

    Raises:
        OSError: the kernel takes no filter.
    """
    machine = MACHINES[platform.machine()]
    _install(box_filter(machine, os.getpid()))


def zygote_filter(machine: Machine) -> list[bytes]:
    """Return the program that lets the listed calls through."""
    numbers = machine.numbers
    lines = [_line(_LOAD, 0, 0, _NUMBER_AT)]
    for name in (*BOX_CALLS, *ZYGOTE_CALLS):
        if name in numbers:
            lines += _if_number(numbers[name], _ALLOW)
    # One that is not private to its process wakes others, by a page that both read.
    lines += _by_bits(numbers["futex"], 1, _FUTEX_PRIVATE, _ALLOW)
    # Below 0 are the clocks of processes, by their numbers.
    for name in ("clock_gettime", "clock_getres"):
        lines += _by_bits(numbers[name], 0, _NEGATIVE, _REFUSE)
    lines += _by_bits(numbers["openat"], 2, _WRITING, _REFUSE)
    if "open" in numbers:
        lines += _by_bits(numbers["open"], 1, _WRITING, _REFUSE)
    for name in ("getpgid", "sched_getaffinity"):
        lines += _only_with(numbers[name], (_low(0), [0]))
    lines += _only_with(numbers["fcntl"], (_low(1), _FCNTL_COMMANDS))
    lines += _only_with(numbers["ioctl"], (_low(1), _IOCTL_REQUESTS))
    # Of itself only; a box may ask for its limits, but not change them.
    lines += _only_with(numbers["prlimit64"], (_low(0), [0]))
    # A signal to a thread; which ones, each box says for itself.
    lines += _if_number(numbers["tgkill"], _ALLOW)
    return [*_on(machine), *lines, _line(_RETURN, 0, 0, _REFUSE)]


def box_filter(machine: Machine, pid: int) -> list[bytes]:
    """Return the program that takes away what the box with this number needs not."""
    numbers = machine.numbers
    lines = [_line(_LOAD, 0, 0, _NUMBER_AT)]
    for name in ZYGOTE_CALLS:
        if name in numbers:
            lines += _if_number(numbers[name], _REFUSE)
    lines += _only_with(numbers["tgkill"], (_low(0), [pid]), (_low(2), _OWN_SIGNALS))
    # A limit of its own would end it by SIGKILL.
    lines += _only_with(numbers["prlimit64"], (_low(2), [0]), (_high(2), [0]))
    return [*_on(machine), *lines, _line(_RETURN, 0, 0, _ALLOW)]


def _install(lines: list[bytes]) -> None:
    """Give the kernel a program, which runs at every system call from now on."""
    filters = b"".join(lines)
    code = ctypes.create_string_buffer(filters, len(filters))
    # struct sock_fprog: the number of instructions, and where they are.
    program = struct.pack("HP", len(lines), ctypes.addressof(code))
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0)
    prctl(PR_SET_SECCOMP, _MODE_FILTER, ctypes.create_string_buffer(program))


def _on(machine: Machine) -> list[bytes]:
    """Refuse calls by the numbers of another kind of machine."""
    return [
        _line(_LOAD, 0, 0, _ARCH_AT),
        _line(_JUMP_IF_EQUAL, 1, 0, machine.architecture),
        _line(_RETURN, 0, 0, _REFUSE),
    ]


def _if_number(number: int, verdict: int) -> list[bytes]:
    return [_line(_JUMP_IF_EQUAL, 0, 1, number), _line(_RETURN, 0, 0, verdict)]


def _only_with(number: int, *conditions: tuple[int, Iterable[int]]) -> list[bytes]:
    """Allow a call if, at each of these places, stands one of the values."""
    body = []
    for place, some in conditions:
        values = list(some)
        body.append(_line(_LOAD, 0, 0, place))
        for left, value in zip(reversed(range(len(values))), values, strict=True):
            # Over the other comparisons, and over the refusal.
            body.append(_line(_JUMP_IF_EQUAL, left + 1, 0, value))
        body.append(_line(_RETURN, 0, 0, _REFUSE))
    body.append(_line(_RETURN, 0, 0, _ALLOW))
    return [_line(_JUMP_IF_EQUAL, 0, len(body), number), *body]


def _by_bits(number: int, argument: int, bits: int, if_any: int) -> list[bytes]:
    """Judge a call by whether an argument has any of these bits."""
    return [
        _line(_JUMP_IF_EQUAL, 0, 4, number),
        _line(_LOAD, 0, 0, _low(argument)),
        _line(_JUMP_IF_BITS, 0, 1, bits),
        _line(_RETURN, 0, 0, if_any),
        _line(_RETURN, 0, 0, _ALLOW if if_any == _REFUSE else _REFUSE),
    ]


def _low(argument: int) -> int:
    """Return where an argument's lower 32 bits stand, on these machines."""
    return _ARGS_AT + 8 * argument


def _high(argument: int) -> int:
    return _low(argument) + 4


def _line(code: int, if_true: int, if_false: int, constant: int) -> bytes:
    """Return one instruction: struct sock_filter."""
    return struct.pack("HBBI", code, if_true, if_false, constant)
