"""The term of the last entry in the snapshot is not persisted.

A restarted server does not recognize where the leader's log meets its own.

Paper: section 7 (last included index and term are persisted)
Breaks: liveness
Found by: test_nothing_above_the_snapshot at seed 0
"""

import pickle

from raft.raft import Raft as Reference


class Raft(Reference):
    def raft_state(self):
        index, _, blocks, tail = self.log.pack()
        return pickle.dumps(
            (self.current_term, self.voted_for, (index, 0, blocks, tail))
        )
