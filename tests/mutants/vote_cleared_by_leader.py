"""A follower forgets its vote as soon as it hears from the leader of the term.

A late RequestVote of another candidate of that same term then receives a second vote.

Paper: section 5.2, Figure 2 (votedFor: "in current term")
Breaks: safety (Election Safety)
Source: camunda/camunda #5356
Found by: test_snapshot_initialization_after_crash at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _follow_current_leader(self):
        super()._follow_current_leader()
        self.voted_for = None
