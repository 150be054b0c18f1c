"""`commit_index` follows the leader's before the logs are compared.

Paper: section 5.3, Figure 2 (AppendEntries, steps 2 and 5)
Breaks: safety (State Machine Safety)
Go suite: yes
Found by: test_rejoin_of_partitioned_leader at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def find_conflict(self, args):
        self.advance_commit_index(min(args.leader_commit, self.log.last_index))
        return super().find_conflict(args)
