"""Sleeps for real again and again, each time for less than one answer may take.

Tries: a real lock's acquire with a time-out, in every get_state
Wall: run limits
Outcome: caught, run-idle-limit: slept for more than .* s of real time
Without: BREACH
"""

import collections

from raft.raft import Raft as Reference

_thread = collections._sys.modules["_thread"]
SLEEP_S, SLEEPS = 0.2, 4


class Raft(Reference):
    sleeps = 0

    def get_state(self):
        lock = _thread.allocate_lock()
        lock.acquire()
        lock.acquire(timeout=SLEEP_S)
        Raft.sleeps += 1
        if Raft.sleeps == SLEEPS:
            print("BREACH: real time in each server, and no end of it")
        return super().get_state()
