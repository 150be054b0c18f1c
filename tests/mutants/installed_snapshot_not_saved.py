"""Nothing is persisted when a snapshot is installed.

Later saves put the log above it beside the snapshot of before.

Paper: section 7, Figure 13
Breaks: safety (State Machine Safety)
Go suite: never
Found by: test_crash_and_restart_all at seed 0
"""

from labrpc import ApplyMsg
from raft.raft import Raft as Reference


class Raft(Reference):
    def take_snapshot(self, args):
        self.log.compact(args.last_included_index, args.last_included_term)
        self.received_snapshot = ApplyMsg(
            snapshot_valid=True,
            snapshot=args.data,
            snapshot_index=args.last_included_index,
            snapshot_term=args.last_included_term,
        )
        self.advance_commit_index(args.last_included_index)
