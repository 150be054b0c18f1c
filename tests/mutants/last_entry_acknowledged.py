"""A follower acknowledges the last entry of its log, not the last that it has received.

What follows that one may be entries of an earlier term, which the leader has not.

Paper: section 5.3, Figure 2 (matchIndex: known to be replicated)
Breaks: safety (Leader Completeness, State Machine Safety)
Source: ravendb/ravendb PR #9330
Found by: test_figure_8_unreliable at seed 1
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def append_entries(self, args):
        reply = super().append_entries(args)
        if reply.success:
            reply.conflict_index = self.log.last_index
        return reply

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
                self._note_match(peer, min(reply.conflict_index, self.log.last_index))
            elif args.prev_log_index == self.next_index[peer] - 1:
                self._back_up(peer, reply)
            self._replicate_if_idle(peer)
