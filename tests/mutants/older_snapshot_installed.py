"""A snapshot is installed even if this server has committed more already.

Paper: section 7, Figure 13
Breaks: safety (State Machine Safety)
Go suite: never
"""

from raft.messages import InstallSnapshotReply
from raft.raft import Raft as Reference


class Raft(Reference):
    def install_snapshot(self, args):
        with self.lock:
            self.step_down_if_behind(args.term)
            if args.term == self.current_term:
                self.follow_current_leader()
                self.take_snapshot(args)
            return InstallSnapshotReply(self.current_term)
