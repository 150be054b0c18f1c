"""It asks for votes while it holds its lock, so that nobody can answer anybody.

Part: 2A
Test: test_leader_failure at seed 1
Says: lock-held
"""

from raft.messages import RequestVoteArgs
from raft.raft import CANDIDATE
from raft.raft import Raft as Plain


class Raft(Plain):
    def begin_election(self):
        self.role = CANDIDATE
        self.current_term += 1
        self.voted_for = self.me
        self.votes = 1
        self.save()
        self.reset_election_timer()
        last = self.last_index()
        args = RequestVoteArgs(self.current_term, self.me, last, self.term_at(last))
        for peer in self.others():
            reply = self.peers[peer].call("Raft.request_vote", args)
            if reply is not None:
                self.votes += reply.vote_granted
        if self.votes > len(self.peers) // 2:
            self.become_leader()
