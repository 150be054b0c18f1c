"""A follower refuses AppendEntries that begin before its own snapshot.

Where match_index ends there, the leader cannot go further back: the follower is stuck
until the leader itself compacts so far. This happens when the reply that acknowledged
the entries got lost.

Paper: section 7, section 5.3 (what a snapshot covers is committed, so it agrees)
Breaks: liveness
Source: scylladb/scylladb #9552, RedisLabs/raft #49
Found by: test_minorities_return_to_snapshots at seed 1
"""

from raft.messages import AppendEntriesReply
from raft.raft import Raft as Reference


class Raft(Reference):
    def _agrees_at_prev_log_index(self, args):
        begins_above = args.prev_log_index >= self.log.last_included_index
        return begins_above and super()._agrees_at_prev_log_index(args)

    def _refuse_entries(self, prev_log_index):
        if prev_log_index >= self.log.last_included_index:
            return super()._refuse_entries(prev_log_index)
        return AppendEntriesReply(
            self.current_term, False, conflict_index=prev_log_index + 1
        )
