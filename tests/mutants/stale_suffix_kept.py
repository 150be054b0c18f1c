"""A conflicting entry is replaced, but those that follow it are not deleted.

Paper: section 5.3, Figure 2 (AppendEntries, step 3)
Breaks: safety (Log Matching, State Machine Safety)
Found by: test_long_conflicting_suffix at seed 1
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def store_entries(self, args):
        for index, entry in enumerate(args.entries, start=args.prev_log_index + 1):
            if index <= self.log.last_index:
                if self.log.term_at(index) == entry[0]:
                    continue
                suffix = self.log.entries_from(index + 1)
                self.log.truncate_from(index)
                self.log.entries += [entry, *suffix]
            else:
                self.log.append(entry)
            self.persist()
