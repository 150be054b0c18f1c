"""A vote is given without being persisted.

`persist` is called when the term rises, and forgotten when the vote is given.

Paper: Figure 2 (persistent state), section 5.2
Breaks: safety (Election Safety)
Found by: test_voter_dies_after_voting at seed 1
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def grant_vote(self, candidate_id):
        self.voted_for = candidate_id
        self.reset_election_timer()
