"""`commit_index` follows the leader's before the logs have been compared.

Paper: section 5.3, Figure 2 (AppendEntries, steps 2 and 5)
Breaks: safety (State Machine Safety)
Go suite: yes
Found by: test_rejoin_of_partitioned_leader at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _agrees_at_prev_log_index(self, args):
        self._advance_commit_index(min(args.leader_commit, self.log.last_index))
        return super()._agrees_at_prev_log_index(args)
