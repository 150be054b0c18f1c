"""Talks to the other servers by locking a file that all of them may read.

Tries: flock on a module of the standard library
Wall: system calls
Outcome: harmless
Without: BREACH
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
builtins = real["builtins"]
os = real["os"]
fcntl = builtins.__import__("fcntl")


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        self.fd = os.open(os.__file__, os.O_RDONLY)
        try:
            fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("BREACH: another server holds the lock")
        except OSError as exc:
            print("refused:", exc)
