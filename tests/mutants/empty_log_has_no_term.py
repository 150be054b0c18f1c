"""A voter whose log is empty above its snapshot takes its last term to be 0.

It votes for candidates that lack what the snapshot holds.

Paper: section 5.4.1, section 7
Breaks: safety (Leader Completeness, State Machine Safety)
Found by: test_nothing_above_the_snapshot at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def is_up_to_date(self, args):
        last_term = self.log.entries[-1][0] if self.log.entries else 0
        return (args.last_log_term, args.last_log_index) >= (
            last_term,
            self.log.last_index,
        )
