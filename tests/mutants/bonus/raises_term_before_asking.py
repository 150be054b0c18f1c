"""A candidate raises its term before it asks who would vote.

Paper: section 9.6 of the dissertation
Breaks: liveness
Found by: test_minority_keeps_its_term at seed 0
"""

from raft import Raft as Reference


class Raft(Reference):
    def _become_candidate(self):
        self._become_follower(self.current_term + 1)
        super()._become_candidate()
