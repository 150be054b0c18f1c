"""AppendEntries that begin before a follower's snapshot count as a conflict: its log is deleted.

It has acknowledged what it deletes, so the leader counts it as stored.

Paper: section 7, section 5.3 (what a snapshot covers is committed, so it agrees)
Breaks: safety (Leader Completeness, State Machine Safety)
Source: databendlabs/openraft #511
Found by: test_troubled_snapshots at seed 1
"""

from raft.messages import AppendEntriesReply
from raft.raft import Raft as Reference


class Raft(Reference):
    def _agrees_at_prev_log_index(self, args):
        if args.prev_log_index < self.log.last_included_index:
            self.log.truncate_from(self.log.last_included_index + 1)
            self._persist()
            return False
        return super()._agrees_at_prev_log_index(args)

    def _refuse_entries(self, prev_log_index):
        if prev_log_index < self.log.last_included_index:
            first_missing = self.log.last_included_index + 1
            return AppendEntriesReply(
                self.current_term, False, conflict_index=first_missing
            )
        return super()._refuse_entries(prev_log_index)
