"""`snapshot` discards the log up to `last_applied` instead of the snapshot's index.

Entries on their way to the service are then neither in the log nor in the
snapshot.

Paper: section 7
Breaks: safety (State Machine Safety)
Found by: test_snapshots_basic at seed 1
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def snapshot(self, index, snapshot):
        with self.lock:
            if index > self.log.last_included_index:
                index = self.last_applied
                self.log.compact(index, self.log.term_at(index))
                self.persister.save(self._raft_state(), snapshot)
