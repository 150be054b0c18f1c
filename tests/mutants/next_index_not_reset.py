"""`next_index` is kept from one leadership to the next.

It may lie beyond the end of a log that has been cut meanwhile.

Paper: Figure 2 (reinitialized after election)
Breaks: liveness
Found by: test_leader_again_with_a_shorter_log at seed 1
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def reset_progress(self):
        for peer in self.others:
            self.match_index[peer] = 0
