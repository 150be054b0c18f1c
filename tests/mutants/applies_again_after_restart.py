"""After a restart the last entry that the snapshot holds is applied again.

Paper: section 7, section 5.3 (each entry is applied once)
Breaks: safety (State Machine Safety)
Found by: test_install_snapshots_crash at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def go_on_after_snapshot(self):
        self.commit_index = self.log.last_included_index
        self.last_applied = max(0, self.log.last_included_index - 1)
