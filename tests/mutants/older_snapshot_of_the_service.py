"""The service's snapshot replaces the log and a later snapshot that has just been installed.

Its index lies before the log's beginning: an exception, or entries at other indices.

Paper: section 7
Breaks: safety (State Machine Safety)
Source: hashicorp/raft #248
Found by: test_stalled_servers at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def snapshot(self, index, snapshot):
        with self.lock:
            self.log.compact(index, self.log.term_at(index))
            self.persister.save(self._raft_state(), snapshot)
