"""Takes more memory than the watchdog could notice in time.

Tries: 700 MB in a single call
Wall: limits
Outcome: harmless
Without: BREACH
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        try:
            self.much = bytes(700 << 20)
        except MemoryError as exc:
            print("refused:", exc)
        else:
            print("BREACH: has 700 MB")
