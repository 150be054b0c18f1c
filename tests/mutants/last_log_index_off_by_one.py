"""A candidate claims one entry more than it has.

It can win without the last committed entry.

Paper: section 5.4.1
Breaks: safety (Leader Completeness, State Machine Safety)
Found by: test_more_persistence at seed 1
"""

from raft.messages import RequestVoteArgs
from raft.raft import Raft as Reference


class Raft(Reference):
    def _request_vote_args(self):
        return RequestVoteArgs(
            self.current_term, self.me, self.log.last_index + 1, self.log.last_term
        )
