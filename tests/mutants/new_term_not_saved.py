"""A server that steps down in a higher term does not persist that term.

It has answered in the new term, and is in an earlier one after a restart.

Paper: Figure 2 (persistent state), section 5.1
Breaks: safety (current_term increases monotonically)
Found by: test_told_term at seed 0
"""

from raft.raft import Raft as Reference
from raft.raft import Role


class Raft(Reference):
    def _become_follower(self, term):
        if term > self.current_term:
            self.current_term = term
            self.voted_for = None
        self.role = Role.FOLLOWER
