"""A server would vote for a candidate though it hears from a leader.

Paper: section 9.6 of the dissertation
Breaks: liveness
Found by: test_server_that_does_not_hear_the_leader at seed 0
"""

from raft import Raft as Reference


class Raft(Reference):
    def _has_current_leader(self):
        return False
