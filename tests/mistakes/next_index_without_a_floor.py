"""At a refusal next_index falls below the first entry; there are no snapshots yet.

Part: 2B
Test: test_backup_of_wrong_logs at seed 0
Says: negative-prev-log-index
"""

from raft.raft import LEADER
from raft.raft import Raft as Plain


class Raft(Plain):
    def send_to(self, peer, term):
        with self.lock:
            if self.role != LEADER or self.current_term != term:
                return
            args = self.append_args(peer)
        reply = self.peers[peer].call("Raft.append_entries", args)
        with self.lock:
            if reply is None:
                return
            if reply.term > self.current_term:
                self.become_follower(reply.term)
            elif self.role == LEADER and self.current_term == term:
                self.take_append_reply(peer, args, reply)

    def take_append_reply(self, peer, args, reply):
        if reply.success:
            self.has_up_to(peer, args.prev_log_index + len(args.entries))
        else:
            self.next_index[peer] -= 20

    def find_conflict(self, args):
        return 0 if args.prev_log_index < 0 else super().find_conflict(args)
