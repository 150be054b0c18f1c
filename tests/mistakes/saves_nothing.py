"""Nothing is persisted yet.

Part: 2C
Test: test_basic_persistence at seed 0
Says: saved-nothing
"""

from raft.raft import Raft as Plain


class Raft(Plain):
    def save(self, snapshot=None):
        pass
