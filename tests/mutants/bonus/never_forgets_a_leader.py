"""A server that has heard from a leader once would never vote for another.

Paper: section 9.6 of the dissertation
Breaks: liveness
Found by: test_failed_leader_is_replaced at seed 0
"""

from raft import Raft as Reference


class Raft(Reference):
    def _has_current_leader(self):
        return self.leader_heard_s > 0
