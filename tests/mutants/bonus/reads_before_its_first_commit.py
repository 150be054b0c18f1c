"""A leader answers a read before it has committed an entry of its term.

Paper: section 6.4 of the dissertation
Breaks: safety (Linearizability)
Found by: test_reads_at_a_new_leader at seed 0
"""

from raft import Raft as Reference
from raft.raft import Role


class Raft(Reference):
    def _knows_what_is_committed(self):
        return self.role is Role.LEADER
