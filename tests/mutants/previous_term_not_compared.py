"""The consistency check asks whether there is an entry, but not of which term.

Paper: section 5.3, Figure 2 (AppendEntries, step 2)
Breaks: safety (Log Matching, State Machine Safety)
Found by: test_rejoin_of_partitioned_leader at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _agrees_at_prev_log_index(self, args):
        return args.prev_log_index <= self.log.last_index
