"""AppendEntries that are refused because of the log do not reset the election timer.

A follower that is far behind a live leader starts elections against it, again and again.

Paper: section 5.2, Figure 2 ("without receiving AppendEntries RPC from current leader")
Breaks: liveness
Source: redpanda-data/redpanda PR #30817
Found by: test_minorities_return at seed 0
"""

from raft.messages import AppendEntriesReply
from raft.raft import Raft as Reference


class Raft(Reference):
    def append_entries(self, args):
        with self.lock:
            self._observe_term(args.term)
            if args.term < self.current_term:
                return AppendEntriesReply(self.current_term, False)
            self._become_follower(args.term)
            if not self._agrees_at_prev_log_index(args):
                return self._refuse_entries(args.prev_log_index)
            self._reset_election_timer()
            self._store_entries(args)
            self._follow_commit_index(args)
            return AppendEntriesReply(self.current_term, True)
