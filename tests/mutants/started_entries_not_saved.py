"""The leader does not persist what `start` appends.

It counts itself among the servers that store the entry, and loses it in a
crash.

Paper: Figure 2 (persistent state), section 5.3
Breaks: safety (Leader Completeness, State Machine Safety)
Found by: test_snapshots_basic at seed 0
"""

from raft.raft import Raft as Reference
from raft.raft import Role


class Raft(Reference):
    def start(self, command):
        with self.lock:
            if self.role is not Role.LEADER:
                return -1, self.current_term, False
            self.log.append((self.current_term, command))
            self._commit_replicated()
            for peer in self.others:
                self._replicate_if_idle(peer)
            return self.log.last_index, self.current_term, True
