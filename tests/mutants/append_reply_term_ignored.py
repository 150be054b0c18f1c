"""The leader ignores a higher term in the reply to AppendEntries.

Paper: section 5.1, Figure 2 (rules for all servers)
Breaks: liveness
Go suite: never
Found by: test_hears_but_cannot_ask at seed 2
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def send_entries(self, peer, args):
        reply = self.peers[peer].call("Raft.append_entries", args)
        if reply is None:
            return
        with self.lock:
            if not self.leads(args.term):
                return
            if reply.success:
                self.note_match(peer, args.prev_log_index + len(args.entries))
            elif args.prev_log_index == self.next_index[peer] - 1:
                self.back_up(peer, reply)
