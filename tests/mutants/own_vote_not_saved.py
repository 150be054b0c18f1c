"""A candidate persists neither its new term nor its vote for itself.

If it crashes while it asks for votes, it may vote for another server in that
term.

Paper: Figure 2 (persistent state), section 5.2
Breaks: safety (current_term increases monotonically, Election Safety)
Found by: test_losing_candidate at seed 2
"""

from raft.raft import Raft as Reference
from raft.raft import Role


class Raft(Reference):
    def _become_candidate(self):
        self.role = Role.CANDIDATE
        self.current_term += 1
        self.voted_for = self.me
        self.votes_received = {self.me}
        self._reset_election_timer()
        args = self._request_vote_args()
        for peer in self.others:
            self._start_thread(self._send_request_vote, peer, args)
        self._lead_if_elected()
