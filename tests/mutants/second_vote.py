"""A server votes for every candidate that asks in a term.

Paper: section 5.2
Breaks: safety (Election Safety)
Go suite: in 1 of 3 suite runs
Found by: test_unreliable_agreement at seed 1
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _may_vote_for(self, candidate_id):
        return True
