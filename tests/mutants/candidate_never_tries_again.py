"""Only followers time out: a candidate whose election fails waits for ever.

After a split vote every candidate relies on the others.

Paper: section 5.2 ("each candidate will time out and start a new election")
Breaks: liveness
Found by: test_re_election at seed 2
"""

from raft.raft import Raft as Reference
from raft.raft import Role


class Raft(Reference):
    def _become_candidate(self):
        if self.role is Role.CANDIDATE:
            self._reset_election_timer()
        else:
            super()._become_candidate()
