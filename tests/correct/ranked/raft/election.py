"""Ranks in place of random time-outs, which the paper tried first.

"Initially we planned to use a ranking system: each candidate was assigned a unique rank,
which was used to select between competing candidates" (section 5.2). A server's rank is its
number; 0 is the highest. All servers have the same time-out, so they become candidates
together, and split the votes of the term. A candidate that discovers a higher-ranked one
yields to it, and waits longer than that one's next election takes.

A server whose log is behind cannot win (5.4.1), so to yield to it is in vain: a more
up-to-date log ranks above every number.

Nothing of Figure 3 depends on ranks. Progress does: see docs/paper.md.
"""

from raft.messages import RequestVoteArgs, RequestVoteReply
from raft.raft import Raft as Reference


class Raft(Reference):
    """A Raft server whose elections are decided by rank.

    A subclass may choose other times; with a range of time-outs, it has both ranks and
    randomness.
    """

    election_timeout_s_min = 0.3
    election_timeout_s_max = 0.3
    # How much longer than usual a server waits after it has yielded. It is too short if
    # the other's next requests for votes arrive later, and wasted if the other is dead.
    yield_s = 0.15

    def request_vote(self, args: RequestVoteArgs) -> RequestVoteReply:
        """Yield to a competing candidate of higher rank, then answer as any server."""
        with self.lock:
            if self._is_candidate_in(args.term) and self._ranks_below(args):
                self._yield()
        return super().request_vote(args)

    def _ranks_below(self, args: RequestVoteArgs) -> bool:
        """Return whether a candidate's log is the better one, or equal and its rank higher."""
        theirs = (args.last_log_term, args.last_log_index, -args.candidate_id)
        return theirs > (self.log.last_term, self.log.last_index, -self.me)

    def _yield(self) -> None:
        """Return to follower, and let the other candidate win the next election."""
        self._become_follower(self.current_term)
        self._reset_election_timer()
        self.election_deadline_s += self.yield_s
