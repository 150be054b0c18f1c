"""AppendEntries of an earlier term is accepted like one of the current term.

Paper: section 5.1, Figure 2 (AppendEntries, step 1)
Breaks: safety (Leader Completeness, State Machine Safety)
Found by: test_rejoin_of_partitioned_leader at seed 0
"""

from raft.messages import AppendEntriesReply
from raft.raft import Raft as Reference


class Raft(Reference):
    def append_entries(self, args):
        with self.lock:
            self._observe_term(args.term)
            self._follow_current_leader()
            if not self._agrees_at_prev_log_index(args):
                return self._refuse_entries(args.prev_log_index)
            self._store_entries(args)
            self._follow_commit_index(args)
            return AppendEntriesReply(self.current_term, True)
