"""`voted_for` is not reset when the term rises.

A server that has voted once never votes for another candidate again.

Paper: section 5.1, Figure 2
Breaks: liveness
Go suite: yes, all
Found by: test_re_election at seed 0
"""

from raft.raft import Raft as Reference
from raft.raft import Role


class Raft(Reference):
    def _become_follower(self, term):
        if term > self.current_term:
            self.current_term = term
            self._persist()
        self.role = Role.FOLLOWER
