"""Entries are only ever appended; existing ones are assumed to be the same.

An entry that conflicts with the leader's stays, and is applied.

Paper: section 5.3, Figure 2 (AppendEntries, step 3)
Breaks: safety (Log Matching, State Machine Safety)
Found by: test_figure_8_unreliable at seed 1
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _store_entries(self, args):
        missing = args.entries[self.log.last_index - args.prev_log_index :]
        if missing:
            self.log.append(*missing)
            self._persist()
