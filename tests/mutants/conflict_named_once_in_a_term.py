"""A follower works out once in a term where its leader should go back to.

All its refusals in that term name this index, so that a log with conflicts of several terms is
never repaired.

Paper: end of section 5.3
Breaks: liveness
Source: yugabyte/yugabyte-db #32876
Found by: test_long_conflicting_suffix at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    named = (0, 0)

    def _refuse_entries(self, prev_log_index):
        reply = super()._refuse_entries(prev_log_index)
        if self.named[0] != self.current_term:
            self.named = (self.current_term, reply.conflict_index)
        reply.conflict_index, reply.conflict_term = self.named[1], 0
        return reply
