"""A voter checks under the lock that its vote is free, and takes the lock again to vote.

Two candidates may both receive it.

Paper: section 5.2 (at most one vote in a term)
Breaks: safety (Election Safety)
Found by: test_stalled_servers at seed 0 with --preempt
"""

from raft.messages import RequestVoteReply
from raft.raft import Raft as Reference


class Raft(Reference):
    def request_vote(self, args):
        with self.lock:
            self._observe_term(args.term)
            vote_granted = (
                args.term == self.current_term
                and self._may_vote_for(args.candidate_id)
                and self._is_up_to_date(args)
            )
        with self.lock:
            if vote_granted:
                self._vote_for(args.candidate_id)
            return RequestVoteReply(self.current_term, vote_granted)
