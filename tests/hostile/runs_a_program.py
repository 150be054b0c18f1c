"""Runs another program.

Tries: os.posix_spawn of /bin/true
Wall: system calls, limits, files
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
        try:
            os.posix_spawn("/bin/true", ["true"], {})
        except OSError as exc:
            print("refused:", exc)
        else:
            print("BREACH: has started a program")
