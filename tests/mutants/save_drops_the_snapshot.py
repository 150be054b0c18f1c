"""Saving the Raft state drops the snapshot that was saved before.

`save` replaces both, so a save after a vote or an append must include the
snapshot too.

Paper: section 7 (the snapshot is kept in stable storage)
Breaks: safety (State Machine Safety)
Found by: test_install_snapshots_disconnect at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _persist(self):
        self.persister.save(self._raft_state(), None)
