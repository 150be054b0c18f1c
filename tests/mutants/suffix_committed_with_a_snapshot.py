"""InstallSnapshot commits all that is in the log, not only what the snapshot covers.

Paper: section 7, section 5.3 (committed: stored by a majority)
Breaks: safety (Leader Completeness, State Machine Safety)
Found by: test_minorities_return_to_snapshots at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _install(self, args):
        super()._install(args)
        self._advance_commit_index(self.log.last_index)
