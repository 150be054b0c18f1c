"""A conflicting entry is replaced, but those that follow it are not deleted.

Paper: section 5.3, Figure 2 (AppendEntries, step 3)
Breaks: safety (Log Matching, State Machine Safety)
Found by: test_long_conflicting_suffix at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _store_entries(self, args):
        for index, (term, command) in enumerate(
            args.entries, start=args.prev_log_index + 1
        ):
            if not self.log.contains(index, term):
                suffix = self.log.entries_from(index + 1)
                self.log.truncate_from(index)
                self.log.append((term, command), *suffix)
                self._persist()
