"""Shares memory with the other servers.

Tries: System V shared memory, and files in memory
Wall: system calls
Outcome: harmless
Without: BREACH
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
ctypes = real["ctypes"]
os = real["os"]
libc = ctypes.CDLL(None, use_errno=True)
CREATE, REMOVE = 0o1000 | 0o600, 0


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        segment = libc.shmget(os.getppid(), 4096, CREATE if me == 0 else 0)
        if segment < 0:
            print("refused:", os.strerror(ctypes.get_errno()))
        elif me > 0:
            print("BREACH: has the memory that another server has made")
        if me == len(peers) - 1:
            libc.shmctl(segment, REMOVE, None)
        try:
            os.close(os.memfd_create("hostile"))
            print("BREACH: has made a file in memory")
        except OSError as exc:
            print("refused:", exc)
