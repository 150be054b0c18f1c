"""Every RequestVote resets the election timer, even if the vote is refused.

A server that can never win, but asks again and again, keeps the others from
becoming candidates.

Paper: section 5.2, Figure 2 ("granting vote to candidate")
Breaks: liveness
Go suite: never
Found by: test_disruptive_server at seed 1
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def request_vote(self, args):
        with self.lock:
            self._reset_election_timer()
        return super().request_vote(args)
