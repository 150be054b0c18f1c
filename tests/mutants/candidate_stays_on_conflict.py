"""A candidate follows the leader of its term only if their logs agree.

Otherwise it stays a candidate, and deposes the leader at its next time-out.

Paper: section 5.2
Breaks: liveness
Source: deventlab/d-engine #340
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
            if not self._agrees_at_prev_log_index(args):
                return self._refuse_entries(args.prev_log_index)
            self._follow_current_leader()
            self._store_entries(args)
            self._follow_commit_index(args)
            return AppendEntriesReply(self.current_term, True)
