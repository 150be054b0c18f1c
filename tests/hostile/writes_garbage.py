"""Writes what is no frame.

Tries: bytes that stand for nothing in msgpack
Wall: frames
Outcome: caught, forged-message: sends something that is not a message
Without: unknown:
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
box_main = real["labrpc.isolated.box_main"]


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        box_main._answer = lambda alone, data: b"\xc1\xff\xff\xff\xff"
