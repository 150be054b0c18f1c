"""Wakes other servers by a page of a file that all of them may read.

Tries: a futex that is not private, on a mapping of a module of the standard library
Wall: system calls
Outcome: harmless
Without: BREACH
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
ctypes = real["ctypes"]
os = real["os"]
mmap = collections._sys.modules["builtins"].__import__("mmap")
libc = ctypes.CDLL(None, use_errno=True)
FUTEX = 202 if os.uname().machine == "x86_64" else 98
WAKE = 1
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [
    ctypes.c_void_p,
    ctypes.c_size_t,
    *[ctypes.c_int] * 3,
    ctypes.c_long,
]


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        fd = os.open(os.__file__, os.O_RDONLY)
        page = libc.mmap(None, 4096, mmap.PROT_READ, mmap.MAP_SHARED, fd, 0)
        woken = libc.syscall(
            ctypes.c_long(FUTEX), ctypes.c_void_p(page), WAKE, 10, None, None, 0
        )
        if woken < 0:
            print("refused:", os.strerror(ctypes.get_errno()))
        else:
            print("BREACH: may wake other servers")
