"""InstallSnapshot discards the whole log, also entries that follow the snapshot and fit.

They may have been acknowledged, so the leader counts them as stored.

Paper: section 7, Figure 13 (InstallSnapshot, step 6)
Breaks: safety (Leader Completeness, State Machine Safety)
Source: camunda/camunda #6092
Found by: test_minorities_return_to_snapshots at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _install(self, args):
        self.log.truncate_from(self.log.last_included_index + 1)
        super()._install(args)
