"""A snapshot is installed if it is newer than the last one, though more has been applied since.

Paper: section 7, Figure 13
Breaks: safety (State Machine Safety)
Source: databendlabs/openraft PR #543
Found by: test_swarm at seed 0
"""

from raft.messages import InstallSnapshotReply
from raft.raft import Raft as Reference


class Raft(Reference):
    def install_snapshot(self, args):
        with self.lock:
            self._observe_term(args.term)
            if args.term < self.current_term:
                return InstallSnapshotReply(self.current_term)
            self._follow_current_leader()
            if args.last_included_index > self.log.last_included_index:
                self.last_applied = min(self.last_applied, args.last_included_index - 1)
                self._install(args)
                self.something_to_apply.notify()
            return InstallSnapshotReply(self.current_term)
