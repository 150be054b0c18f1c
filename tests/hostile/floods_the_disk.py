"""Saves as much as fits into a message, again and again.

Tries: ten times 8 MB, within a moment
Wall: claims
Outcome: caught, too-much-traffic: it has sent and saved .* MB
Without: BREACH
"""

import threading
import time

from raft.raft import Raft as Reference


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        if me == 0:
            threading.Thread(target=self.flood, daemon=True).start()

    def flood(self):
        for _ in range(10):
            time.sleep(0.001)
            self.persister.save(self._raft_state(), bytes(8 << 20))
        print("BREACH: has saved 80 MB")
