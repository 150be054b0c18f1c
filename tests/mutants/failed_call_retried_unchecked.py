"""A failed AppendEntries is repeated with fresh arguments, without checking the role.

If the leader has stepped down meanwhile, it speaks as leader of a term in which
it does not lead.

Paper: sections 5.1 and 5.3
Breaks: safety (Election Safety, Log Matching, State Machine Safety)
Found by: test_late_append_entries at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _send_append_entries(self, peer, args):
        reply = self.peers[peer].call("Raft.append_entries", args)
        if reply is None:
            with self.lock:
                if self.next_index[peer] <= self.log.last_included_index:
                    return
                self.in_flight[peer] = args = self._append_entries_args(peer)
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
            elif args.prev_log_index == self.next_index[peer] - 1:
                self._back_up(peer, reply)
            self._replicate_if_idle(peer)
