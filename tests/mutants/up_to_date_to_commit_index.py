"""The up-to-date check covers only what the voter knows to be committed.

A voter may store a committed entry without knowing yet that it is committed.

Paper: section 5.4.1
Breaks: safety (Leader Completeness, State Machine Safety)
Found by: test_more_persistence at seed 1
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _is_up_to_date(self, args):
        return (args.last_log_term, args.last_log_index) >= (
            self.log.term_at(self.commit_index),
            self.commit_index,
        )
