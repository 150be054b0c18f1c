"""Brings down the interpreter.

Tries: ctypes.string_at(0)
Wall: processes
Outcome: caught, process-ended: its process died of SIGSEGV
Without: the grader ended with status -11
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
ctypes = real["ctypes"]


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        ctypes.string_at(0)
