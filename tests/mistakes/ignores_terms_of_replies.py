"""It does not step down when a reply has a higher term.

Part: 2A
Test: test_later_term_in_a_vote at seed 0
Says: ignored-higher-term
"""

from raft.raft import CANDIDATE, LEADER
from raft.raft import Raft as Plain


class Raft(Plain):
    def ask_for_vote(self, peer, args):
        reply = self.peers[peer].call("Raft.request_vote", args)
        with self.lock:
            if reply and self.role == CANDIDATE and self.current_term == args.term:
                self.votes += reply.vote_granted
                if self.votes > len(self.peers) // 2:
                    self.become_leader()

    def send_to(self, peer, term):
        with self.lock:
            if self.role != LEADER or self.current_term != term:
                return
            args = self.append_args(peer)
        reply = self.peers[peer].call("Raft.append_entries", args)
        with self.lock:
            if reply and self.role == LEADER and self.current_term == term:
                self.take_append_reply(peer, args, reply)
