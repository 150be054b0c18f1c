"""A success is taken to cover the log as it is when the reply comes.

`start` may have appended more since the entries were sent.

Paper: section 5.3, Figure 2 (match_index)
Breaks: safety (Leader Completeness, State Machine Safety)
Go suite: in 2 of 3 suite runs
Found by: test_snapshots_basic at seed 0
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
                self._note_match(peer, self.log.last_index)
            elif args.prev_log_index == self.next_index[peer] - 1:
                self._back_up(peer, reply)
            self._replicate_if_idle(peer)
