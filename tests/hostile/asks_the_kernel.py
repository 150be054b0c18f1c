"""Asks the kernel for what a server has no use for.

Tries: some twenty system calls, through ctypes
Wall: system calls
Outcome: harmless
Without: BREACH
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
ctypes = real["ctypes"]
libc = ctypes.CDLL(None)
CALLS = {
    "ptrace": (0, 0, 0, 0),
    "unshare": (0x10000000,),
    "mount": (b"none", b"/tmp", b"tmpfs", 0, None),
    "chroot": (b"/",),
    "personality": (0,),
    "prctl": (15, b"hostile", 0, 0, 0),
    "setpriority": (0, 0, 1),
    "sched_setaffinity": (0, 8, b"\1" + bytes(7)),
    "eventfd": (0, 0),
    "timerfd_create": (1, 0),
    "inotify_init": (),
    "epoll_create1": (0,),
    "socketpair": (1, 1, 0, (ctypes.c_int * 2)()),
    "pipe": ((ctypes.c_int * 2)(),),
    "dup2": (1, 60),
    "semget": (0, 1, 0o1600),
    "msgget": (0, 0o1600),
    "mlock": (ctypes.create_string_buffer(8), 8),
    "kill": (0, 0),
    "umask": (0,),
    "chdir": (b"/",),
}
# io_uring_setup, pidfd_open, clone3, openat2, pidfd_getfd: by number everywhere.
NUMBERS = (425, 434, 435, 437, 438)


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        done = [name for name, args in CALLS.items() if getattr(libc, name)(*args) >= 0]
        done += [number for number in NUMBERS if libc.syscall(number, 0, 0, 0) >= 0]
        if done:
            print("BREACH: the kernel did", *done)
