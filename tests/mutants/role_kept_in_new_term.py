"""A server adopts a higher term but keeps its role.

A leader that learns of a newer term becomes leader of that term too.

Paper: section 5.1 ("it immediately reverts to follower state")
Breaks: safety (Election Safety)
Found by: test_install_snapshots_disconnect at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _observe_term(self, term):
        if term > self.current_term:
            self.current_term = term
            self.voted_for = None
            self._persist()
