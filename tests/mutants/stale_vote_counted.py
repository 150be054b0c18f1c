"""A vote counts in whatever term it was given.

Paper: section 5.2 (votes of the same term)
Breaks: safety (Election Safety)
Go suite: never
Found by: test_votes_of_an_earlier_candidacy at seed 0
"""

from raft.raft import Raft as Reference
from raft.raft import Role


class Raft(Reference):
    def _is_candidate_in(self, term):
        return self.role is Role.CANDIDATE
