"""`next_index` is kept from one leadership to the next.

It may lie beyond the end of a log that has become shorter meanwhile.

Paper: Figure 2 (reinitialized after election)
Breaks: liveness
Found by: test_leader_again_with_a_shorter_log at seed 1
"""

from raft.raft import Raft as Reference
from raft.raft import Role


class Raft(Reference):
    def _become_leader(self):
        self.role = Role.LEADER
        self.match_index = [0] * len(self.peers)
        self.in_flight = [None] * len(self.peers)
        self._start_thread(self._run_heartbeats, self.current_term)
