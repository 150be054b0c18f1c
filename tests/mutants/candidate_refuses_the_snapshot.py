"""A candidate refuses InstallSnapshot from the leader of its own term.

The leader takes its reply for a success, and from then on sends entries that do not fit.

Paper: section 7, Figure 13 (a candidate recognizes the leader of its term)
Breaks: liveness
Source: vesoft-inc/nebula #1769
Found by: test_swarm at seed 7
"""

from raft.messages import InstallSnapshotReply
from raft.raft import Raft as Reference
from raft.raft import Role


class Raft(Reference):
    def install_snapshot(self, args):
        with self.lock:
            if self.role is Role.CANDIDATE and args.term == self.current_term:
                return InstallSnapshotReply(self.current_term)
        return super().install_snapshot(args)
