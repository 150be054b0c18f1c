"""The up-to-date check compares only the lengths of the logs, not their last terms.

Paper: section 5.4.1
Breaks: safety (Leader Completeness, State Machine Safety)
Go suite: yes, 3 tests
Found by: test_rejoin_of_partitioned_leader at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _is_up_to_date(self, args):
        return args.last_log_index >= self.log.last_index
