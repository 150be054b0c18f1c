"""AppendEntries without entries succeeds if prev_log_index has an entry of any term.

Terms are compared only if there are entries. The leader concludes from the
success that the follower has everything up to prev_log_index.

Paper: section 5.3, Figure 2 (AppendEntries, step 2)
Breaks: safety (Log Matching, State Machine Safety)
Go suite: yes
Found by: test_rejoin_of_partitioned_leader at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _agrees_at_prev_log_index(self, args):
        if not args.entries:
            return args.prev_log_index <= self.log.last_index
        return super()._agrees_at_prev_log_index(args)
