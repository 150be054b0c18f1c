"""A thread of its own persists a vote, after the reply has been sent.

A crash in between makes the vote free again.

Paper: Figure 2 ("updated on stable storage before responding to RPCs")
Breaks: safety (Election Safety)
Found by: test_voter_dies_after_voting at seed 1
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _vote_for(self, candidate_id):
        self.voted_for = candidate_id
        self._start_thread(self._run_persist)
        self._reset_election_timer()

    def _run_persist(self):
        with self.lock:
            self._persist()
