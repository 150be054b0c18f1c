"""A follower that has voted in a term starts no election until it hears from a leader.

If the candidate fails, or its messages get lost, all that voted for it wait for ever.

Paper: section 5.2 (a vote resets the timer; it does not stop it)
Breaks: liveness
Source: atomix/copycat PR #123
Found by: test_power_failure_after_commit at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    term_of_leader = 0

    def _follow_current_leader(self):
        super()._follow_current_leader()
        self.term_of_leader = self.current_term

    def _become_candidate(self):
        has_voted = self.voted_for not in (None, self.me)
        if has_voted and self.term_of_leader < self.current_term:
            self._reset_election_timer()
        else:
            super()._become_candidate()
