"""It discards one entry fewer than the snapshot holds.

Part: 2D
Test: test_snapshots_basic at seed 0
Says: shifted-after-snapshot
"""

from raft.messages import Entry
from raft.raft import Raft as Plain


class Raft(Plain):
    def snapshot(self, index, snapshot):
        with self.lock:
            if index > self.snapshot_index:
                self.log = [
                    Entry(self.term_at(index), None),
                    *self.entries_from(index),
                ]
                self.snapshot_index = index
                self.save(snapshot)
