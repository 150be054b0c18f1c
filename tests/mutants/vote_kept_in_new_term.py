"""`voted_for` is not reset when the term rises.

A server that has voted once votes for nobody else any more.

Paper: section 5.1, Figure 2
Breaks: liveness
Go suite: yes, all
Found by: test_re_election at seed 0
"""

from raft.raft import Raft as Reference
from raft.raft import Role


class Raft(Reference):
    def step_down_if_behind(self, term):
        if term > self.current_term:
            self.current_term = term
            self.role = Role.FOLLOWER
            self.persist()
