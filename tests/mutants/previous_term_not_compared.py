"""The consistency check looks whether there is an entry, not of which term it is.

Paper: section 5.3, Figure 2 (AppendEntries, step 2)
Breaks: safety (Log Matching, State Machine Safety)
Found by: test_rejoin_of_partitioned_leader at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def find_conflict(self, args):
        if args.prev_log_index <= self.log.last_index:
            return None
        return super().find_conflict(args)
