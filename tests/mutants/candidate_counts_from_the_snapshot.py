"""A candidate gives the number of entries that it keeps as its last index.

After a snapshot it seems far behind, and nobody votes for it.

Paper: section 5.4.1, section 7
Breaks: liveness
Found by: test_install_snapshots_disconnect at seed 0
"""

from raft.messages import RequestVoteArgs
from raft.raft import Raft as Reference


class Raft(Reference):
    def request_vote_args(self):
        return RequestVoteArgs(
            self.current_term, self.me, len(self.log.entries), self.log.last_term
        )
