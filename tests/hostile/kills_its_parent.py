"""Kills the process that has made its own.

Tries: os.kill(os.getppid(), SIGKILL)
Wall: system calls
Outcome: harmless
Without: unknown: .*zygote has ended
"""

import collections

from raft.raft import Raft as Reference

real = collections._sys.modules
os = real["os"]


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        try:
            os.kill(os.getppid(), 9)
        except PermissionError as exc:
            print("refused:", exc)
