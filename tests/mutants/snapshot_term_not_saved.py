"""The term of the last entry in the snapshot is not persisted.

A restarted server does not recognize where the leader's log meets its own.

Paper: section 7 (last included index and term are persisted)
Breaks: liveness
Found by: test_nothing_above_the_snapshot at seed 0
"""

import pickle
from dataclasses import replace

from raft.raft import Raft as Reference


class Raft(Reference):
    def _raft_state(self):
        log = replace(self.log, last_included_term=0)
        return pickle.dumps((self.current_term, self.voted_for, log))
