"""A call that gets lost sets next_index back to the beginning of the log.

Nothing is wrong with what servers agree on, but each lost message costs the whole log.

Paper: section 5.3
Breaks: liveness
Source: public solutions of the lab
Found by: test_bytes_after_losses at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _send_append_entries(self, peer, args):
        reply = self.peers[peer].call("Raft.append_entries", args)
        with self.lock:
            self._note_landed(peer, args)
            if reply is None:
                if self._is_leader_in(args.term):
                    self.next_index[peer] = self.log.last_included_index + 1
                return
            self._observe_term(reply.term)
            if not self._is_leader_in(args.term):
                return
            if reply.success:
                self._note_match(peer, args.prev_log_index + len(args.entries))
            elif args.prev_log_index == self.next_index[peer] - 1:
                self._back_up(peer, reply)
            self._replicate_if_idle(peer)
