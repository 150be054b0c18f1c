"""next_index rises only together with match_index.

A late refusal takes it back below; then the same entries are sent again and again, since
no success raises match_index any more.

Paper: section 5.3, Figure 2 (success: update nextIndex and matchIndex)
Breaks: liveness
Source: a public report of 2026 on a Raft that repeats requests without end
Found by: test_minorities_return at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
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
                back = min(reply.conflict_index, self.next_index[peer] - 1)
                self.next_index[peer] = max(1, back)
            self._replicate_if_idle(peer)

    def _note_match(self, peer, index):
        if index > self.match_index[peer]:
            self.match_index[peer] = index
            self.next_index[peer] = index + 1
        self._commit_replicated()
