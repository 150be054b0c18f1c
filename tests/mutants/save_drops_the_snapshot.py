"""Saving the Raft state drops the snapshot that was saved with it before.

`save` replaces both: what is saved after a vote or an append needs the snapshot too.

Paper: section 7 (the snapshot is kept in stable storage)
Breaks: safety (State Machine Safety)
Found by: test_install_snapshots_disconnect at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def persist(self):
        self.persister.save(self.raft_state(), None)
