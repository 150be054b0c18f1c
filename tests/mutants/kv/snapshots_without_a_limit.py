"""Snapshots are taken even where the limit says that none are wanted.

Paper: section 7
Breaks: liveness
Found by: test_kv_basic at seed 0
"""

import rsm
from rsm.rsm import RSM as Reference
from rsm.rsm import pickle


class RSM(Reference):
    def _take_snapshot_if_large(self):
        if len(self.persister.read_raft_state()) >= 1000:
            data = pickle.dumps((self.last_applied, self.state_machine.snapshot()))
            self.raft.snapshot(self.last_applied, data)


rsm.RSM = RSM
