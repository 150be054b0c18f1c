"""AppendEntries of an older term is accepted like one of the current term.

Paper: section 5.1, Figure 2 (AppendEntries, step 1)
Breaks: safety (Leader Completeness, State Machine Safety)
Found by: test_rejoin_of_partitioned_leader at seed 0
"""

from raft.messages import AppendEntriesReply
from raft.raft import Raft as Reference


class Raft(Reference):
    def append_entries(self, args):
        with self.lock:
            self.step_down_if_behind(args.term)
            self.follow_current_leader()
            if args.prev_log_index < self.log.last_included_index:
                self.skip_compacted_entries(args)
            conflict = self.find_conflict(args)
            if conflict is not None:
                return conflict
            self.store_entries(args)
            self.follow_commit_index(args)
            return AppendEntriesReply(self.current_term, True)
