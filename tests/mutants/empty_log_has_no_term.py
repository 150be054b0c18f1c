"""A voter takes its last term to be 0 if its log is empty after its snapshot.

It votes for candidates that lack what the snapshot holds.

Paper: section 5.4.1, section 7
Breaks: safety (Leader Completeness, State Machine Safety)
Found by: test_nothing_above_the_snapshot at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _is_up_to_date(self, args):
        last_term = self.log.last_term if self.log.entries else 0
        return (args.last_log_term, args.last_log_index) >= (
            last_term,
            self.log.last_index,
        )
