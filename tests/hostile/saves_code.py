"""Saves an object that runs code where it is unpickled.

Tries: persister.save of a pickle with __reduce__
Wall: processes
Outcome: harmless
Without: BREACH
Test: test_basic_persistence
"""

import collections
import pickle

from raft.raft import Raft as Reference

real = collections._sys.modules


def look_around():
    if "tester.judging.run" in real:
        print("BREACH: saved code runs in the grader")


class Bomb:
    def __reduce__(self):
        return look_around, ()


class Disk:
    def __init__(self, persister):
        self.inner = persister
        self.read_snapshot = persister.read_snapshot

    def save(self, raft_state, snapshot=None):
        self.inner.save(pickle.dumps((raft_state, Bomb())), snapshot)

    def read_raft_state(self):
        saved = self.inner.read_raft_state()
        return pickle.loads(saved)[0] if saved else b""


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, Disk(persister), apply_ch)
