"""`match_index` is kept from one leadership to the next.

What a follower had stored may have been replaced by another leader in between.

Paper: Figure 2 (reinitialized after election)
Breaks: safety (Leader Completeness, State Machine Safety)
Found by: test_leader_again_with_a_shorter_log at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def reset_progress(self):
        for peer in self.others:
            self.next_index[peer] = self.log.last_index + 1
