"""`voted_for` is not part of the persisted state.

A voter that restarts during an election votes again in the same term.

Paper: Figure 2 (persistent state), section 5.2
Breaks: safety (Election Safety)
Go suite: never
Found by: test_voter_dies_after_voting at seed 1
"""

import pickle

from raft.raft import Raft as Reference


class Raft(Reference):
    def _raft_state(self):
        return pickle.dumps((self.current_term, None, self.log))
