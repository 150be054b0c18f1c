"""A follower looks for the conflict among its last fifty entries only.

With more than fifty that conflict, it names the same place again and again.

Paper: section 5.3 (the leader goes back until the logs agree)
Breaks: liveness
Source: databendlabs/databend PR #3914
Found by: test_minorities_return at seed 0
"""

from raft.messages import AppendEntriesReply
from raft.raft import Raft as Reference


class Raft(Reference):
    def _refuse_entries(self, prev_log_index):
        if prev_log_index > self.log.last_index:
            return super()._refuse_entries(prev_log_index)
        first = max(self.log.last_index - 50, self.log.last_included_index + 1)
        return AppendEntriesReply(
            self.current_term, False, conflict_index=min(first, prev_log_index + 1)
        )
