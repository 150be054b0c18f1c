"""`match_index` is kept from one leadership to the next.

Another leader in between may have replaced what a follower stored.

Paper: Figure 2 (reinitialized after election)
Breaks: safety (Leader Completeness, State Machine Safety)
Found by: test_leader_again_with_a_shorter_log at seed 0
"""

from raft.raft import Raft as Reference
from raft.raft import Role


class Raft(Reference):
    def _become_leader(self):
        self.role = Role.LEADER
        self.next_index = [self.log.last_index + 1] * len(self.peers)
        self.in_flight = [None] * len(self.peers)
        self._start_thread(self._run_heartbeats, self.current_term)
