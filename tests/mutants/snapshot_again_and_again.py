"""The leader also sends its snapshot to a follower that lacks only what follows it.

The entry before that one is no longer in the log, though its term is known. After the
snapshot has been installed, the leader sends it again.

Paper: section 7
Breaks: liveness
Source: camunda/camunda #9820
Found by: test_minorities_return_to_snapshots at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _replicate_to(self, peer):
        base = self.log.last_included_index
        if base and self.next_index[peer] == base + 1:
            args = self._install_snapshot_args()
            self._start_thread(self._send_install_snapshot, peer, args)
            self.in_flight[peer] = args
        else:
            super()._replicate_to(peer)
