"""Nothing is persisted when a snapshot is installed.

Later saves combine the log after the new snapshot with the old snapshot.

Paper: section 7, Figure 13
Breaks: safety (State Machine Safety)
Go suite: never
Found by: test_crash_and_restart_all at seed 1
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _install(self, args):
        self.log.compact(args.last_included_index, args.last_included_term)
        self.snapshot_to_apply = args
        self._advance_commit_index(args.last_included_index)
