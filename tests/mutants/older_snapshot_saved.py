"""The service's snapshot is saved in place of a later one that has been installed since.

Only the log is guarded. After a restart the service begins from the older snapshot, and the
entries between the two are gone.

Paper: section 7
Breaks: safety (State Machine Safety)
Source: hashicorp/raft #248
Found by: test_stalled_servers at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def snapshot(self, index, snapshot):
        with self.lock:
            if index > self.log.last_included_index:
                self.log.compact(index, self.log.term_at(index))
            self.persister.save(self._raft_state(), snapshot)
