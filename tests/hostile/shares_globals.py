"""Talks to the other servers through an object of the process.

Tries: an attribute of the real sys module
Wall: processes
Outcome: harmless
Without: BREACH
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
sys = real["sys"]


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        others = getattr(sys, "hostile_servers", [])
        if others:
            print("BREACH: shares a list with", others)
        sys.hostile_servers = [*others, me]
