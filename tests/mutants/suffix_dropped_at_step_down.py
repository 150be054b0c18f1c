"""A leader that steps down drops the entries that it does not know to be committed.

It may have stored them as a follower, for a leader that has counted it and committed them.

Paper: sections 5.3 and 5.4 (a follower keeps what it has acknowledged)
Breaks: safety (Leader Completeness, State Machine Safety)
Source: microsoft/CCF #5674
Found by: test_unheard_leaders at seed 0
"""

from raft.raft import Raft as Reference
from raft.raft import Role


class Raft(Reference):
    def _become_follower(self, term):
        if self.role is Role.LEADER:
            self.log.truncate_from(
                max(self.commit_index, self.log.last_included_index) + 1
            )
            self._persist()
        super()._become_follower(term)
