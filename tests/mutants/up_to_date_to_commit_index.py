"""The up-to-date check asks for what the voter knows to be committed only.

A voter may store a committed entry of which it does not know yet that it is.

Paper: section 5.4.1
Breaks: safety (Leader Completeness, State Machine Safety)
Found by: test_more_persistence at seed 1
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def is_up_to_date(self, args):
        return (args.last_log_term, args.last_log_index) >= (
            self.log.term_at(self.commit_index),
            self.commit_index,
        )
