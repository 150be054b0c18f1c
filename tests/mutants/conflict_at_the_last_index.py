"""A follower whose entry conflicts names the index after its last as the conflict.

The leader does not go back before the conflicting entry.

Paper: end of section 5.3
Breaks: liveness
Source: cubefs/cubefs PR #2428
Found by: test_rejoin_of_partitioned_leader at seed 0
"""

from raft.messages import AppendEntriesReply
from raft.raft import Raft as Reference


class Raft(Reference):
    def _refuse_entries(self, prev_log_index):
        conflict_index = min(self.log.last_index, prev_log_index) + 1
        return AppendEntriesReply(self.current_term, False, conflict_index)
