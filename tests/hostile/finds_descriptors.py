"""Looks for open files that were left to its process.

Tries: fstat of every descriptor
Wall: processes
Outcome: harmless
Without: BREACH
"""

import collections
import stat

from raft.raft import Raft as Reference

real = collections._sys.modules
os = real["os"]


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        others = []
        for fd in range(3, 256):
            try:
                if not stat.S_ISFIFO(os.fstat(fd).st_mode):
                    others.append(fd)
            except OSError:
                pass
        if others:
            print("BREACH: files of the process are open:", others)
