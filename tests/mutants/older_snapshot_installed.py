"""Every snapshot that arrives replaces the log, and the service starts again from it.

An InstallSnapshot that is late or duplicated takes the server back.

Paper: section 7, Figure 13 (step 7 is for a log that lacks what the snapshot holds)
Breaks: safety (State Machine Safety)
Go suite: never
Found by: test_late_snapshots at seed 3
"""

from raft.log import Log
from raft.messages import InstallSnapshotReply
from raft.raft import Raft as Reference


class Raft(Reference):
    def install_snapshot(self, args):
        with self.lock:
            self._observe_term(args.term)
            if args.term == self.current_term:
                self._follow_current_leader()
                self.log = Log(args.last_included_index, args.last_included_term)
                self.commit_index = self.last_applied = 0
                self._install(args)
            return InstallSnapshotReply(self.current_term)
