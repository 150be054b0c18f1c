r"""Closes its pipes, and lives on.

Tries: os.closerange, then a lock that is never released
Wall: processes
Outcome: caught, forged-message: has closed its pipes
Without: \Athe grader
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
os = real["os"]
_thread = real["_thread"]


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        os.closerange(0, 64)
        lock = _thread.allocate_lock()
        lock.acquire()
        lock.acquire(True, 1)
