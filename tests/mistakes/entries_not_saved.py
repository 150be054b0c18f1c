"""A follower does not save the entries that it is sent.

Part: 2C
Test: test_basic_persistence at seed 0
Says: accepted-without-saving
"""

from raft.raft import Raft as Plain


class Raft(Plain):
    def store(self, args):
        save, self.save = self.save, lambda: None
        super().store(args)
        self.save = save
