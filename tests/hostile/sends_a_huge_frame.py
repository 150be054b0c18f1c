r"""Answers with more than the judge takes.

Tries: a frame of 17 MB
Wall: frames
Outcome: caught: sends a message of \d+ bytes
Without: unknown:
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
box_main = real["labrpc.isolated.box_main"]


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        box_main._answer = lambda alone, data: bytes(17 << 20)
