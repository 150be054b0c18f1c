"""Signals its group, init, and all processes that there are.

Tries: os.kill with 0, -1 and 1: SIGWINCH, which is ignored, and for all no signal
Wall: system calls
Outcome: harmless
Without: BREACH
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
os = real["os"]
signal = real["signal"]


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        for pid, signum in ((0, signal.SIGWINCH), (1, 0), (-1, 0)):
            try:
                os.kill(pid, signum)
            except OSError as exc:
                print("refused:", exc)
            else:
                print("BREACH: may signal", pid)
