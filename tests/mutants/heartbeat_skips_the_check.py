"""AppendEntries without entries succeeds where there is an entry, of whatever term.

Only one with entries compares terms. The leader takes it that the follower has all
that precedes.

Paper: section 5.3, Figure 2 (AppendEntries, step 2)
Breaks: safety (Log Matching, State Machine Safety)
Go suite: yes
Found by: test_rejoin_of_partitioned_leader at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def find_conflict(self, args):
        if not args.entries and args.prev_log_index <= self.log.last_index:
            return None
        return super().find_conflict(args)
