"""A success is taken to cover the log as it is when the reply comes.

`start` may have appended since the entries were sent.

Paper: section 5.3, Figure 2 (match_index)
Breaks: safety (Leader Completeness, State Machine Safety)
Go suite: in 2 of 3 suite runs
Found by: test_snapshots_basic at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def send_entries(self, peer, args):
        reply = self.peers[peer].call("Raft.append_entries", args)
        if reply is None:
            return
        with self.lock:
            self.step_down_if_behind(reply.term)
            if not self.leads(args.term):
                return
            if reply.success:
                self.note_match(peer, self.log.last_index)
            elif args.prev_log_index == self.next_index[peer] - 1:
                self.back_up(peer, reply)
