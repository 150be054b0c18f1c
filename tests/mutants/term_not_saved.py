"""`current_term` is not part of the persisted state.

A restarted server begins again at term 0 and may vote again in terms in which it
has voted before.

Paper: Figure 2 (persistent state)
Breaks: safety (current_term increases monotonically, Election Safety)
Go suite: yes, only by more persistence
Found by: test_basic_persistence at seed 1
"""

import pickle

from raft.raft import Raft as Reference


class Raft(Reference):
    def _raft_state(self):
        return pickle.dumps((0, self.voted_for, self.log))
