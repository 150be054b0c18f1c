"""A leader that sees a higher term takes the term, and goes on to lead.

Part: 2A
Test: test_re_election at seed 0
Says: led-two-terms-without-election
"""

from raft.raft import Raft as Plain


class Raft(Plain):
    def become_follower(self, term):
        if term > self.current_term:
            self.current_term = term
            self.voted_for = None
            self.save()
