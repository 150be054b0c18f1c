"""Forks again and again.

Tries: os.fork, five times
Wall: system calls, limits
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
        for _ in range(5):
            try:
                if os.fork() == 0:
                    os._exit(0)
            except OSError as exc:
                print("refused:", exc)
            else:
                print("BREACH: has made a process")
