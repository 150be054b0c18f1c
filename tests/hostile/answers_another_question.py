"""Answers a step as if it had been asked for its threads.

Tries: an Answer frame in place of a Stepped one
Wall: lock-step
Outcome: caught, forged-message: answers a different question
Without: unknown:
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
frames = real["labrpc.isolated.messages"]
box_main = real["labrpc.isolated.box_main"]


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        box_main._answer = lambda alone, data: frames.encode(
            frames.Answer(["never asked"])
        )
