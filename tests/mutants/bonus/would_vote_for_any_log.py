"""A server says that it would vote for a candidate whose log is behind.

Paper: section 9.6 of the dissertation
Breaks: liveness
Found by: test_failed_leader_is_replaced at seed 0
"""

from raft import Raft as Reference
from raft.messages import RequestVoteReply


class Raft(Reference):
    def pre_vote(self, args):
        with self.lock:
            would_vote = args.term > self.current_term
            would_vote = would_vote and not self._has_current_leader()
            return RequestVoteReply(self.current_term, would_vote)
