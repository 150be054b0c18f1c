"""It commits entries of earlier terms by counting who has them.

Part: 2B
Test: test_figure_8_step_by_step at seed 0
Says: committed-older-term
"""

from raft.raft import Raft as Plain


class Raft(Plain):
    def advance_commit_index(self):
        for index in range(self.last_index(), self.commit_index, -1):
            holders = 1 + sum(match >= index for match in self.match_index)
            if holders > len(self.peers) // 2:
                self.commit_index = index
                self.can_apply.notify()
                return
