"""A refusal lowers next_index by a distance: two of them lower it twice as far.

Each refusal counts, also the late one of an earlier request, so next_index falls below
match_index and in the end below 1.

Paper: section 5.3, Figure 2 (nextIndex)
Breaks: liveness
Source: andreev-io/little-raft PR #18, etcd-io/raft #148
Found by: test_minorities_return at seed 1
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _replicate_to(self, peer):
        if self.log.last_included_index:
            super()._replicate_to(peer)
            return
        # Without a snapshot, only entries can be sent.
        args = self._append_entries_args(peer)
        self._start_thread(self._send_append_entries, peer, args)
        self.in_flight[peer] = args

    def _send_append_entries(self, peer, args):
        reply = self.peers[peer].call("Raft.append_entries", args)
        with self.lock:
            self._note_landed(peer, args)
            if reply is None:
                return
            self._observe_term(reply.term)
            if not self._is_leader_in(args.term):
                return
            if reply.success:
                self._note_match(peer, args.prev_log_index + len(args.entries))
            else:
                distance = args.prev_log_index + 1 - reply.conflict_index
                self.next_index[peer] -= max(1, distance)
            self._replicate_if_idle(peer)
