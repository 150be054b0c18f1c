"""It does not save for whom it has voted.

Part: 2C
Test: test_troubled_elections at seed 0
Says: saved-nothing|voted-twice|voted-without-saving
"""

from raft.raft import Raft as Plain


class Raft(Plain):
    def request_vote(self, args):
        save, self.save = self.save, lambda: None
        reply = super().request_vote(args)
        self.save = save
        return reply
