"""Stops its process for good.

Tries: SIGSTOP to its own thread
Wall: system calls
Outcome: harmless
Without: failed: .*its process sleeps and does not answer
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
signal = real["signal"]
_thread = real["_thread"]


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        try:
            signal.pthread_kill(_thread.get_ident(), signal.SIGSTOP)
        except OSError as exc:
            print("refused:", exc)
