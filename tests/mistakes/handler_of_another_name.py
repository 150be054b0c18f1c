"""It calls requestVote; the handler's name is request_vote.

Part: 2A
Test: test_initial_election at seed 0
Says: no-such-method
"""

from raft.raft import Raft as Plain


class Raft(Plain):
    def ask_for_vote(self, peer, args):
        self.peers[peer].call("Raft.requestVote", args)
