"""The numbers of system calls, per machine, and which of them a process may make.

The kernel's own tables are `asm/unistd_64.h` for x86_64 and `asm-generic/unistd.h`
for aarch64, which has no number for what a newer call does as well.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Machine:
    """How the kernel of one kind of machine names things.

    Attributes:
        architecture: AUDIT_ARCH_…, which a filter gets with each call.
        numbers: of the calls below.
    """

    architecture: int
    numbers: dict[str, int]


# What a box may do; those that it does all the time come first.
BOX_CALLS = (
    "read", "write", "rt_sigreturn", "setitimer", "mmap", "munmap", "brk",
    "getrusage", "madvise", "rt_sigprocmask", "rt_sigaction", "mremap",
    "mprotect", "close", "stat", "fstat", "lstat", "newfstatat", "statx", "lseek",
    "pread64", "readv", "getdents64", "readlink", "readlinkat", "access",
    "faccessat", "faccessat2", "getcwd", "gettimeofday", "time", "times", "getrandom", "getitimer", "getpid", "getppid",
    "gettid", "getuid", "geteuid", "getgid", "getegid", "getresuid", "getresgid",
    "getpgrp", "sigaltstack", "sched_yield", "uname", "getcpu", "arch_prctl", "set_robust_list", "rseq", "set_tid_address",
    "restart_syscall", "exit", "exit_group",
)  # fmt: skip
# What the zygote needs besides, to make boxes and to lock them in.
ZYGOTE_CALLS = (
    "clone", "fork", "vfork", "wait4", "sendmsg", "recvmsg", "sendto", "recvfrom",
    "pidfd_open", "prctl", "seccomp",
)  # fmt: skip
# Allowed with certain arguments only: see `seccomp`.
LIMITED_CALLS = (
    "futex", "clock_gettime", "clock_getres", "openat", "open", "fcntl", "ioctl",
    "getpgid", "sched_getaffinity", "prlimit64", "tgkill",
)  # fmt: skip

_X86_64 = {
    "read": 0, "write": 1, "open": 2, "close": 3, "stat": 4, "fstat": 5, "lstat": 6,
    "lseek": 8, "mmap": 9, "mprotect": 10, "munmap": 11, "brk": 12,
    "rt_sigaction": 13, "rt_sigprocmask": 14, "rt_sigreturn": 15, "ioctl": 16,
    "pread64": 17, "readv": 19, "access": 21, "sched_yield": 24, "mremap": 25,
    "madvise": 28, "getitimer": 36, "setitimer": 38, "getpid": 39, "sendto": 44,
    "recvfrom": 45, "sendmsg": 46, "recvmsg": 47, "clone": 56, "fork": 57,
    "vfork": 58, "exit": 60, "wait4": 61, "uname": 63, "fcntl": 72, "getcwd": 79,
    "readlink": 89, "gettimeofday": 96, "getrusage": 98, "times": 100,
    "getuid": 102, "getgid": 104, "geteuid": 107, "getegid": 108, "getppid": 110,
    "getpgrp": 111, "getresuid": 118, "getresgid": 120, "getpgid": 121,
    "sigaltstack": 131, "prctl": 157, "arch_prctl": 158, "gettid": 186,
    "time": 201, "futex": 202, "sched_getaffinity": 204, "getdents64": 217,
    "set_tid_address": 218, "restart_syscall": 219, "clock_gettime": 228,
    "clock_getres": 229, "exit_group": 231, "tgkill": 234, "openat": 257,
    "newfstatat": 262, "readlinkat": 267, "faccessat": 269, "set_robust_list": 273,
    "prlimit64": 302, "getcpu": 309, "seccomp": 317, "getrandom": 318,
    "statx": 332, "rseq": 334, "pidfd_open": 434, "faccessat2": 439,
}  # fmt: skip
_AARCH64 = {
    "getcwd": 17, "fcntl": 25, "ioctl": 29, "faccessat": 48, "openat": 56,
    "close": 57, "getdents64": 61, "lseek": 62, "read": 63, "write": 64,
    "readv": 65, "pread64": 67, "readlinkat": 78, "newfstatat": 79, "fstat": 80,
    "exit": 93, "exit_group": 94, "set_tid_address": 96, "futex": 98,
    "set_robust_list": 99, "getitimer": 102, "setitimer": 103,
    "clock_gettime": 113, "clock_getres": 114, "sched_getaffinity": 123,
    "sched_yield": 124, "restart_syscall": 128, "tgkill": 131, "sigaltstack": 132,
    "rt_sigaction": 134, "rt_sigprocmask": 135, "rt_sigreturn": 139,
    "getresuid": 148, "getresgid": 150, "times": 153, "getpgid": 155,
    "uname": 160, "getrusage": 165, "prctl": 167, "getcpu": 168,
    "gettimeofday": 169, "getpid": 172, "getppid": 173, "getuid": 174,
    "geteuid": 175, "getgid": 176, "getegid": 177, "gettid": 178, "sendto": 206,
    "recvfrom": 207, "sendmsg": 211, "recvmsg": 212, "brk": 214, "munmap": 215,
    "mremap": 216, "clone": 220, "mmap": 222, "mprotect": 226, "madvise": 233,
    "wait4": 260, "prlimit64": 261, "seccomp": 277, "getrandom": 278,
    "statx": 291, "rseq": 293, "pidfd_open": 434, "faccessat2": 439,
}  # fmt: skip

# By the names that `platform.machine()` gives them.
MACHINES = {
    "x86_64": Machine(0xC000003E, _X86_64),
    "aarch64": Machine(0xC00000B7, _AARCH64),
}
