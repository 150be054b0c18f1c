"""A server enters the term that a candidate only asks about.

Paper: section 9.6 of the dissertation
Breaks: liveness
Found by: test_server_that_does_not_hear_the_leader at seed 0
"""

from raft import Raft as Reference


class Raft(Reference):
    def pre_vote(self, args):
        reply = super().pre_vote(args)
        with self.lock:
            self._observe_term(args.term)
        return reply
