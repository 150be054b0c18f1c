"""`start` refuses commands on a follower only, and so takes them on a candidate.

It so claims to lead. If it loses, it has an entry of the same term and index as the winner, but another
one.

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
            self.persist()
            self.commit_replicated()
            self.wake_replicators()
            return self.log.last_index, self.current_term, True
