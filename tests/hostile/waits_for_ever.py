"""Waits for a lock that nobody will release, outside the simulation.

Tries: a lock of the real _thread module, taken twice
Wall: patience
Outcome: caught, process-silent: its process sleeps and does not answer
Without: the judge waits for ever
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
_thread = real["_thread"]


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        lock = _thread.allocate_lock()
        lock.acquire()
        lock.acquire()
