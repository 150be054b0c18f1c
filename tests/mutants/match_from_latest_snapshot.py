"""A peer is taken to have the latest snapshot, not the one that was sent to it.

The leader may have made another one meanwhile; then it never sends what is missing.

Paper: section 7, Figure 13
Breaks: liveness
Found by: test_snapshot_overtaken at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def send_snapshot(self, peer, args):
        reply = self.peers[peer].call("Raft.install_snapshot", args)
        if reply is None:
            return
        with self.lock:
            self.step_down_if_behind(reply.term)
            if self.leads(args.term):
                self.note_match(peer, self.log.last_included_index)
