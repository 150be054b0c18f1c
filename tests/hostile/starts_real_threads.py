"""Runs on between its steps.

Tries: a thread of the real _thread module
Wall: system calls, limits
Outcome: harmless
Without: BREACH
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
_thread = real["_thread"]


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        try:
            _thread.start_new_thread(int, ())
        except RuntimeError as exc:
            print("refused:", exc)
        else:
            print("BREACH: has started a real thread")
