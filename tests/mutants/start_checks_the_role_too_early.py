"""`start` checks under the lock that the server leads, and takes the lock again to append.

In between the server may have stepped down: then its entry has the term of another leader.

Paper: section 5.3 (a leader creates at most one entry with a given index in a term)
Breaks: safety (Election Safety, Log Matching)
Source: camunda/camunda #5360
Found by: test_figure_8_unreliable at seed 1 with --preempt
"""

from raft.raft import Raft as Reference
from raft.raft import Role


class Raft(Reference):
    def start(self, command):
        with self.lock:
            if self.role is not Role.LEADER:
                return -1, self.current_term, False
        with self.lock:
            self.log.append((self.current_term, command))
            self._persist()
            self._commit_replicated()
            for peer in self.others:
                self._replicate_if_idle(peer)
            return self.log.last_index, self.current_term, True
