"""A vote is given without being persisted.

The server persists its state when the term rises, but not when it votes.

Paper: Figure 2 (persistent state), section 5.2
Breaks: safety (Election Safety)
Found by: test_voter_dies_after_voting at seed 1
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _vote_for(self, candidate_id):
        self.voted_for = candidate_id
        self._reset_election_timer()
