"""`start` refuses commands on a follower only, so a candidate accepts them.

The candidate thereby claims to lead. If it loses the election, it has a
different entry at the same term and index as the winner.

Paper: section 5.3 (a leader creates at most one entry with a given index and term)
Breaks: safety (Election Safety, Log Matching, State Machine Safety)
Found by: test_basic_persistence at seed 2
"""

from raft.raft import Raft as Reference
from raft.raft import Role


class Raft(Reference):
    def start(self, command):
        with self.lock:
            if self.role is Role.FOLLOWER:
                return -1, self.current_term, False
            self.log.append((self.current_term, command))
            self._persist()
            self._commit_replicated()
            for peer in self.others:
                self._replicate_if_idle(peer)
            return self.log.last_index, self.current_term, True
