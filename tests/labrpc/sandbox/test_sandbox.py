"""The walls: what each lets through, and what is said of one that is missing."""

import errno
import json
import os
import platform
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from labrpc.errors import LoadError
from labrpc.isolated import zygote as zygotes
from labrpc.isolated import zygote_link
from labrpc.sandbox import seccomp
from labrpc.sandbox.sandbox import WALLS
from labrpc.sandbox.system_calls import (
    BOX_CALLS,
    LIMITED_CALLS,
    MACHINES,
    ZYGOTE_CALLS,
)
from labrpc.submission.submission import Submission

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="processes are confined by what only Linux has"
)

ROOT = Path(__file__).resolve().parents[3]

# Lock a process in, perhaps on a machine that lacks something; tell of it, and try.
_CONFINED = """
import errno, json, os, sys
from labrpc.sandbox import landlock, sandbox, seccomp
def no_landlock():
    raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
def no_filter():
    raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
LACK = {
    "landlock": lambda: setattr(landlock, "version", no_landlock),
    "seccomp": lambda: setattr(seccomp, "confine_zygote", no_filter),
    "machine": lambda: setattr(seccomp.platform, "machine", lambda: "riscv64"),
    "statm": lambda: setattr(sandbox, "bytes_in_use", lambda: 0),
}
for lacking in sys.argv[1:]:
    LACK[lacking]()
measures = sandbox.confine([])
sandbox.confine_box()
done = []
def attempt(name, function):
    try:
        function()
        done.append(name)
    except OSError:
        pass
import socket
attempt("read", lambda: open("/etc/passwd").close())
attempt("socket", lambda: socket.socket().close())
attempt("fork", lambda: os.fork() or os._exit(0))
attempt("write", lambda: os.open("/tmp/confined", os.O_WRONLY | os.O_CREAT))
attempt("root", lambda: os.setuid(0))
told = {measure.name: [measure.in_force, measure.detail] for measure in measures}
print(json.dumps([told, done, os.getuid()]))
"""


def confined(*lacking):
    """Return what a locked-in process says of its walls, and what it could do."""
    done = subprocess.run(
        [sys.executable, "-c", _CONFINED, *lacking],
        capture_output=True,
        text=True,
        cwd="/",
        env={"PYTHONPATH": str(ROOT)},
    )
    assert not done.stderr, done.stderr
    return json.loads(done.stdout)


def test_all_walls_stand_here():
    told, done, uid = confined()
    assert list(told) == list(WALLS)
    assert all(in_force for in_force, _ in told.values()), told
    assert done == []
    assert uid == (os.getuid() or 65534)
    words = " ".join(detail for _, detail in told.values())
    assert "512 MB of memory, 200 s of CPU and 64 open files" in words
    assert re.search(r"reads Python and the submission, writes nothing \(Land", words)
    assert "no network, processes, threads, signals or tracing (seccomp)" in words


def test_without_landlock_the_machine_can_be_read_and_nothing_written():
    told, done, uid = confined("landlock")
    assert told["files"] == [
        False,
        "a server may read what is on this machine: no Landlock here "
        "(Function not implemented)",
    ]
    assert [name for name, (in_force, _) in told.items() if not in_force] == ["files"]
    assert done == ["read"]
    assert uid != 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lacking", "why"),
    [
        ("seccomp", "no seccomp here (Invalid argument)"),
        ("machine", "no list of system calls for riscv64"),
    ],
)
def test_without_seccomp_sockets_can_be_opened_and_no_processes_made(lacking, why):
    told, done, _ = confined(lacking)
    assert told["system calls"] == [
        False,
        f"a server may open sockets and signal processes of its user: {why}",
    ]
    assert done == ["socket"]


def test_without_both_the_limits_still_stand():
    told, done, _ = confined("landlock", "seccomp")
    assert not told["files"][0]
    assert not told["system calls"][0]
    assert set(done) <= {"read", "socket", "write"}
    assert "fork" not in done
    os.path.exists("/tmp/confined") and os.remove("/tmp/confined")


def test_memory_that_cannot_be_limited_is_told_of():
    told, _, _ = confined("statm")
    assert told["limits"][0] is False
    assert "memory is not limited" in told["limits"][1]


def test_names_that_are_too_long_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(zygote_link, "REQUEST_BYTES_MAX", 1 << 10)
    (tmp_path / "raft.py").write_text("class Raft: pass")
    for number in range(20):
        (tmp_path / f"module_{'x' * 50}_{number}.py").touch()
    with pytest.raises(LoadError, match="names of the submission's files") as refused:
        zygotes.Zygote(Submission.find(tmp_path))
    assert refused.value.code.name == "long-file-names"


# System calls.

HEADERS = {
    "x86_64": "/usr/include/x86_64-linux-gnu/asm/unistd_64.h",
    "aarch64": "/usr/include/asm-generic/unistd.h",
}


def numbers_in(header):
    """Return the numbers of a kernel header; arm64 takes its 64-bit names of some."""
    found = dict(
        re.findall(r"^#define __NR(?:3264)?_(\w+)\s+(\d+)", header, re.MULTILINE)
    )
    if "fstatat" in found:
        found["newfstatat"] = found["fstatat"]
    return {name: int(number) for name, number in found.items()}


@pytest.mark.parametrize("machine", sorted(MACHINES))
def test_the_numbers_are_those_of_the_kernels_headers(machine):
    header = Path(HEADERS[machine])
    if not header.exists():
        pytest.skip(f"no {header} here")
    theirs = numbers_in(header.read_text())
    for name, number in MACHINES[machine].numbers.items():
        assert theirs[name] == number, name
    # What has no number here, another call does.
    for name in (*BOX_CALLS, *ZYGOTE_CALLS, *LIMITED_CALLS):
        assert (name in theirs) == (name in MACHINES[machine].numbers), name


def verdict(program, architecture, number, *args):
    """Run a filter as the kernel does, for one system call; True lets it through."""
    data = struct.pack("=iIQ", number, architecture, 0)
    data += b"".join(struct.pack("=Q", arg) for arg in args).ljust(48, b"\0")
    accumulator, at = 0, 0
    while True:
        code, if_true, if_false, constant = struct.unpack("HBBI", program[at])
        at += 1
        if code == 0x20:
            (accumulator,) = struct.unpack_from("=I", data, constant)
        elif code == 0x15:
            at += if_true if accumulator == constant else if_false
        elif code == 0x45:
            at += if_true if accumulator & constant else if_false
        else:
            assert code == 0x06
            assert constant in (0x7FFF0000, 0x00050000 | errno.EPERM)
            return constant == 0x7FFF0000


PID = 4711
OTHER = 1 << 40
READ, WRITE = os.O_RDONLY | os.O_CLOEXEC, os.O_WRONLY | os.O_CLOEXEC


@pytest.mark.parametrize("name", sorted(MACHINES))
def test_a_box_may_do_what_is_listed_and_nothing_else(name):
    machine = MACHINES[name]
    programs = seccomp.zygote_filter(machine), seccomp.box_filter(machine, PID)

    def may(call, *args, architecture=machine.architecture):
        number = machine.numbers.get(call, call)
        return [verdict(one, architecture, number, *args) for one in programs]

    assert max(map(len, programs)) < 4096
    for call in BOX_CALLS:
        if call in machine.numbers:
            assert may(call) == [True, True], call
            assert may(call, architecture=0x40000003) == [False, False]
    for call in ZYGOTE_CALLS:
        if call in machine.numbers:
            assert may(call) == [True, False], call
    # What neither list has: pidfd_getfd, io_uring_setup, clone3, and x32's read.
    for number in (438, 425, 435, 1 << 30):
        assert may(number) == [False, True]
    assert may("futex", OTHER, 128) == [True, True]  # FUTEX_WAIT_PRIVATE
    for operation in (
        0,
        1,
        9,
        10,
        256,
    ):  # FUTEX_WAIT, FUTEX_WAKE, …, by a realtime clock
        assert may("futex", OTHER, operation) == [False, True]
    for call in ("clock_gettime", "clock_getres"):
        assert may(call, 2) == [True, True]  # CLOCK_PROCESS_CPUTIME_ID
        assert may(call, (~PID << 3 | 2) & 0xFFFF_FFFF) == [False, True]
    for call in ("getpgid", "sched_getaffinity"):
        assert may(call, 0) == [True, True]
        assert may(call, PID) == [False, True]
    assert may("openat", 0, 0, READ)[0]
    for flags in (WRITE, os.O_RDWR, READ | os.O_CREAT, READ | os.O_TRUNC):
        assert not may("openat", 0, 0, flags)[0]
    assert may("fcntl", 3, 1)[0]
    assert not may("fcntl", 3, 6)[0]  # F_SETLK
    assert may("ioctl", 0, 0x5401)[0]
    assert not may("ioctl", 0, 0x5412)[0]  # TIOCSTI
    assert may("prlimit64", 0, 7, 0, 99) == [True, True]
    assert may("prlimit64", 0, 7, OTHER) == [True, False]
    assert may("prlimit64", 0, 7, 1) == [True, False]
    assert may("prlimit64", PID, 7, 0) == [False, True]
    assert may("tgkill", PID, PID, 6) == [True, True]
    assert may("tgkill", PID, PID, 9) == [True, False]
    assert may("tgkill", PID + 1, PID, 6) == [True, False]


def test_this_machine_has_a_list():
    assert seccomp.missing() == "" or platform.machine() not in MACHINES
