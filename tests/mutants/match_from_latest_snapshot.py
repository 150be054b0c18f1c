"""A peer is assumed to have the latest snapshot, not the one that was sent to it.

If the leader has taken another snapshot meanwhile, it never sends the entries
between the two.

Paper: section 7, Figure 13
Breaks: liveness
Found by: test_snapshot_overtaken at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _send_install_snapshot(self, peer, args):
        reply = self.peers[peer].call("Raft.install_snapshot", args)
        with self.lock:
            self._note_landed(peer, args)
            if reply is None:
                return
            self._observe_term(reply.term)
            if not self._is_leader_in(args.term):
                return
            self._note_match(peer, self.log.last_included_index)
            self._replicate_if_idle(peer)
