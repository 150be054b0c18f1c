"""The log and the snapshot are persisted one after the other.

A crash in between leaves a log that begins after the new snapshot, beside the
old one.

Paper: section 7
Breaks: safety (State Machine Safety)
Found by: test_torn_snapshot at seed 1
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def snapshot(self, index, snapshot):
        with self.lock:
            if index > self.log.last_included_index:
                self.log.compact(index, self.log.term_at(index))
                self._persist()
                self.persister.save(self._raft_state(), snapshot)
