"""AppendEntries whose first entry is in the log counts as a repetition, and is acknowledged.

The entries after it may be new: then they are acknowledged, and not stored.

Paper: section 5.3, Figure 2 (AppendEntries, step 4)
Breaks: safety (Leader Completeness, State Machine Safety)
Source: after atomix/copycat issue #265
Found by: test_unreliable_agreement at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _store_entries(self, args):
        if args.entries and args.prev_log_index >= self.log.last_included_index:
            term, _ = args.entries[0]
            if self.log.contains(args.prev_log_index + 1, term):
                return
        super()._store_entries(args)
