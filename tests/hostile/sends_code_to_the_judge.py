"""Answers with a pickle that runs code where it is loaded.

Tries: a frame with a pickle in it
Wall: frames
Outcome: caught, forged-message: sends something that is not a message
Without: BREACH
"""

import collections
import pickle

from raft.raft import Raft as Reference

real = collections._sys.modules
builtins = real["builtins"]
box_main = real["labrpc.isolated.box_main"]


class Bomb:
    def __reduce__(self):
        return builtins.print, ("BREACH: the judge has loaded a pickle",)


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        answer = pickle.dumps(Bomb())
        box_main._answer = lambda alone, data: answer
