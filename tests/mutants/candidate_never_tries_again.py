"""Only followers time out: a candidate whose election fails waits for ever.

After a split vote, all who took part rely on the others.

Paper: section 5.2 ("each candidate will time out and start a new election")
Breaks: liveness
Found by: test_re_election at seed 2
"""

from raft.raft import Raft as Reference
from raft.raft import Role


class Raft(Reference):
    def may_start_election(self):
        return self.role is Role.FOLLOWER
