"""Opens files until there are no more.

Tries: os.open in a loop
Wall: limits
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
            for _ in range(200):
                os.open(os.__file__, os.O_RDONLY)
        except OSError as exc:
            print("refused:", exc)
        else:
            print("BREACH: has opened 200 files")
