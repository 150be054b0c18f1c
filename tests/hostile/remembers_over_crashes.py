"""Keeps in memory what it never saved.

Tries: an attribute of the real sys module, read after a restart
Wall: processes
Outcome: harmless
Without: BREACH
Test: test_basic_persistence
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
sys = real["sys"]


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        lives = getattr(sys, "hostile_lives", {})
        if me in lives:
            print("BREACH: remembers what it never saved")
        sys.hostile_lives = {**lives, me: self}
