"""A successful AppendEntries of an earlier term of this leader's still counts.

The follower's log may have been replaced since, by a leader in between.

Paper: sections 5.3 and 5.4, Figure 2 (match_index is reinitialized after election)
Breaks: safety (Leader Completeness, State Machine Safety)
Go suite: never
Found by: test_leader_again_with_a_shorter_log at seed 1
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def send_entries(self, peer, args):
        reply = self.peers[peer].call("Raft.append_entries", args)
        if reply is None:
            return
        with self.lock:
            self.step_down_if_behind(reply.term)
            if not self.leads(self.current_term):
                return
            if reply.success:
                self.note_match(peer, args.prev_log_index + len(args.entries))
            elif args.prev_log_index == self.next_index[peer] - 1:
                self.back_up(peer, reply)
