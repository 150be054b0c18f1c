"""A successful AppendEntries counts although the leader sent it in an earlier term.

Another leader in between may have replaced the follower's log.

Paper: sections 5.3 and 5.4, Figure 2 (match_index is reinitialized after election)
Breaks: safety (Leader Completeness, State Machine Safety)
Go suite: never
Found by: test_leader_again_with_a_shorter_log at seed 1
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
            if not self._is_leader_in(self.current_term):
                return
            if reply.success:
                self._note_match(peer, args.prev_log_index + len(args.entries))
            elif args.prev_log_index == self.next_index[peer] - 1:
                self._back_up(peer, reply)
            self._replicate_if_idle(peer)
