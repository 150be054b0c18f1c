"""AppendEntries deletes everything after prev_log_index, conflict or not.

An older AppendEntries that arrives late cuts off entries that are acknowledged.

Paper: section 5.3, Figure 2 (AppendEntries, step 3)
Breaks: safety (Leader Completeness, State Machine Safety)
Go suite: never
Found by: test_troubled_elections at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def store_entries(self, args):
        if self.log.last_index > args.prev_log_index or args.entries:
            self.log.truncate_from(args.prev_log_index + 1)
            for entry in args.entries:
                self.log.append(entry)
            self.persist()
