"""After a restart the last entry in the snapshot is applied again.

Paper: section 7, section 5.3 (each entry is applied once)
Breaks: safety (State Machine Safety)
Found by: test_install_snapshots_crash at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _restore(self):
        super()._restore()
        self.last_applied = max(0, self.log.last_included_index - 1)
