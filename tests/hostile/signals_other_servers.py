"""Looks for the other servers' processes, and signals them.

Tries: os.kill of the processes made just before its own
Wall: system calls
Outcome: harmless
Without: BREACH
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
os = real["os"]


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        for pid in range(os.getpid() - 50, os.getpid()):
            try:
                os.kill(pid, 0)
            except OSError as exc:
                print("refused:", exc)
            else:
                print("BREACH: may signal", pid)
