"""AppendEntries deletes everything after prev_log_index, even without a conflict.

A late AppendEntries cuts off entries that have been acknowledged.

Paper: section 5.3, Figure 2 (AppendEntries, step 3)
Breaks: safety (Leader Completeness, State Machine Safety)
Go suite: never
Found by: test_troubled_replication at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _store_entries(self, args):
        kept = max(args.prev_log_index, self.log.last_included_index)
        if self.log.last_index > kept or args.entries:
            self.log.truncate_from(kept + 1)
            self.log.append(*args.entries[kept - args.prev_log_index :])
            self._persist()
