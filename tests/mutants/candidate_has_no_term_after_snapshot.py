"""A candidate whose log is empty after its snapshot asks with a last term of 0.

No server that has entries votes for it, so that there may be no leader any more.

Paper: section 7 (the snapshot's last term), 5.4.1
Breaks: liveness
Source: RedisLabs/raft PR #2
Found by: test_install_snapshots_disconnect at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _request_vote_args(self):
        args = super()._request_vote_args()
        if not self.log.entries:
            args.last_log_term = 0
        return args
