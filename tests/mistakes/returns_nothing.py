"""The branch of request_vote that gives the vote returns nothing.

Part: 2A
Test: test_initial_election at seed 0
Says: handler-returned-none
"""

from raft.raft import Raft as Plain


class Raft(Plain):
    def request_vote(self, args):
        reply = super().request_vote(args)
        if not reply.vote_granted:
            return reply
        return None
