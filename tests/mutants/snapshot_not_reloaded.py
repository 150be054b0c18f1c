"""After a restart `last_applied` is 0, though the log begins above a snapshot.

The applier looks for entries that are no longer there, and dies of it.

Paper: section 7
Breaks: liveness
Go suite: yes
Found by: test_install_snapshots_crash at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def go_on_after_snapshot(self):
        self.commit_index = self.log.last_included_index
        self.last_applied = 0
