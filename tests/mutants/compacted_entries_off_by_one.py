"""Of an AppendEntries that begins below the snapshot, one entry too few is left out.

The entry that the snapshot ends with is appended once more, after itself.

Paper: section 7
Breaks: safety (Log Matching, Leader Completeness, State Machine Safety)
Found by: test_entries_after_their_snapshot at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def skip_compacted_entries(self, args):
        skipped = self.log.last_included_index - args.prev_log_index - 1
        args.entries = args.entries[skipped:]
        args.prev_log_index = self.log.last_included_index
        args.prev_log_term = self.log.last_included_term
