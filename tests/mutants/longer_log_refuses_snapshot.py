"""A snapshot is ignored by a log that reaches beyond it, though the two may conflict.

The reply is the same as if it had been installed, so the leader never goes back below it.

Paper: section 7, Figure 13 (steps 6 and 7)
Breaks: liveness
Source: RedisLabs/raft #49, willemt/raft PR #118
Found by: test_minorities_return_to_snapshots at seed 0
"""

from raft.messages import InstallSnapshotReply
from raft.raft import Raft as Reference


class Raft(Reference):
    def install_snapshot(self, args):
        with self.lock:
            self._observe_term(args.term)
            if args.term == self.current_term:
                self._follow_current_leader()
                if args.last_included_index > self.log.last_index:
                    self._install(args)
            return InstallSnapshotReply(self.current_term)
