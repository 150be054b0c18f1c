"""It saves the entries first, and the snapshot a moment later.

Part: 2D
Test: test_torn_snapshot at seed 1
Says: crashed-between-saves
"""

from raft.raft import Raft as Plain


class Raft(Plain):
    def save(self, snapshot=None):
        super().save()
        if snapshot is not None:
            self.persister.save(self.persister.read_raft_state(), snapshot)
