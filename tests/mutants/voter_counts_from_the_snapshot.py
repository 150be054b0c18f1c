"""A voter compares with the number of entries it still has, not with its last index.

After a snapshot it accepts logs as up-to-date that are far behind.

Paper: section 5.4.1, section 7
Breaks: safety (Leader Completeness, State Machine Safety)
Found by: test_install_snapshots_disconnect_unreliable at seed 1
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _is_up_to_date(self, args):
        return (args.last_log_term, args.last_log_index) >= (
            self.log.last_term,
            len(self.log.entries),
        )
