"""Every request_vote restarts the time-out, also one that is refused.

Part: 2A
Test: test_disruptive_server at seed 0
Says: refused-votes-restart-timer
"""

from raft.raft import Raft as Plain


class Raft(Plain):
    def request_vote(self, args):
        with self.lock:
            self.reset_election_timer()
        return super().request_vote(args)
