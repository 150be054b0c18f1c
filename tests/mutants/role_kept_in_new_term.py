"""A server takes over a higher term, and goes on in the role that it had.

A leader that hears of a newer term becomes leader of that too.

Paper: section 5.1 ("it immediately reverts to follower state")
Breaks: safety (Election Safety)
Found by: test_install_snapshots_disconnect at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def step_down_if_behind(self, term):
        if term > self.current_term:
            self.current_term = term
            self.voted_for = None
            self.persist()
