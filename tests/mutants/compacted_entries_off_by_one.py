"""One entry too few is skipped when an AppendEntries begins before the snapshot's end.

The last entry in the snapshot is appended once more, after itself.

Paper: section 7
Breaks: safety (Log Matching, Leader Completeness, State Machine Safety)
Found by: test_entries_after_their_snapshot at seed 0
"""

from dataclasses import replace

from raft.raft import Raft as Reference


class Raft(Reference):
    def _store_entries(self, args):
        skipped = self.log.last_included_index - args.prev_log_index
        if skipped > 0:
            args = replace(
                args,
                prev_log_index=self.log.last_included_index,
                entries=args.entries[skipped - 1 :],
            )
        super()._store_entries(args)
