"""A candidate sends the number of entries that it still has as its last index.

After a snapshot it seems far behind, and no server votes for it.

Paper: section 5.4.1, section 7
Breaks: liveness
Found by: test_install_snapshots_disconnect at seed 0
"""

from raft.messages import RequestVoteArgs
from raft.raft import Raft as Reference


class Raft(Reference):
    def _request_vote_args(self):
        return RequestVoteArgs(
            self.current_term, self.me, len(self.log.entries), self.log.last_term
        )
