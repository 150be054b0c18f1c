"""After a restart `last_applied` is 0, though the log begins after a snapshot.

The applier looks for entries that no longer exist, and fails.

Paper: section 7
Breaks: liveness
Go suite: yes
Found by: test_install_snapshots_crash at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _restore(self):
        super()._restore()
        self.last_applied = 0
