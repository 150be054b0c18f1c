"""A follower that has more than the snapshot answers that it did not install it.

The leader takes that for a failure and leaves next_index as it is: where the answer to the
first copy was lost, it sends the snapshot for ever.

Paper: section 7, Figure 13
Breaks: liveness
Source: RedisLabs/raft #49, jgroups-raft #23
Found by: test_install_snapshots_disconnect_unreliable at seed 0
"""

from raft.messages import AppendEntriesReply
from raft.raft import Raft as Reference


class Raft(Reference):
    def install_snapshot(self, args):
        with self.lock:
            self._observe_term(args.term)
            if args.term < self.current_term:
                return AppendEntriesReply(self.current_term, False)
            self._follow_current_leader()
            installed = args.last_included_index > self.commit_index
            if installed:
                self._install(args)
            return AppendEntriesReply(self.current_term, installed)

    def _send_install_snapshot(self, peer, args):
        reply = self.peers[peer].call("Raft.install_snapshot", args)
        with self.lock:
            self._note_landed(peer, args)
            if reply is None:
                return
            self._observe_term(reply.term)
            if not self._is_leader_in(args.term):
                return
            if reply.success:
                self._note_match(peer, args.last_included_index)
                self._replicate_if_idle(peer)
