"""A vote is persisted by a thread of its own, after the reply has left.

A crash in between makes the vote free again.

Paper: Figure 2 ("updated on stable storage before responding to RPCs")
Breaks: safety (Election Safety)
Found by: test_voter_dies_after_voting at seed 1
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def grant_vote(self, candidate_id):
        self.voted_for = candidate_id
        self.run_in_thread(self.save_vote)
        self.reset_election_timer()

    def save_vote(self):
        with self.lock:
            self.persist()
