"""The leader ignores a higher term in the reply to AppendEntries.

Paper: section 5.1, Figure 2 (rules for all servers)
Breaks: liveness
Go suite: never
Found by: test_hears_but_cannot_ask at seed 2
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _send_append_entries(self, peer, args):
        reply = self.peers[peer].call("Raft.append_entries", args)
        with self.lock:
            self._note_landed(peer, args)
            if reply is None or not self._is_leader_in(args.term):
                return
            if reply.success:
                self._note_match(peer, args.prev_log_index + len(args.entries))
            elif args.prev_log_index == self.next_index[peer] - 1:
                self._back_up(peer, reply)
            self._replicate_if_idle(peer)
