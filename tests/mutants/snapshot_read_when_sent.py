"""The index for InstallSnapshot is read under the lock, the bytes when it is sent.

`snapshot` may have replaced them in between.

Paper: section 7, Figure 13
Breaks: safety (State Machine Safety)
Found by: test_minorities_return_to_snapshots at seed 1 with --preempt
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _send_install_snapshot(self, peer, args):
        args.data = self.persister.read_snapshot()
        super()._send_install_snapshot(peer, args)
