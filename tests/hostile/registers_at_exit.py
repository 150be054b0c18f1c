"""Leaves something to be done when the grader ends.

Tries: atexit.register, with the real module
Wall: processes
Outcome: harmless
Without: BREACH
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
atexit = real["atexit"]
builtins = real["builtins"]


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        atexit.register(builtins.print, "BREACH: code of the submission ran at the end")
