"""A candidate leads the next term as soon as a majority would vote for it.

Paper: section 9.6 of the dissertation
Breaks: safety (Election Safety)
Found by: test_failed_leader_is_replaced at seed 0
"""

from raft import Raft as Reference


class Raft(Reference):
    def _campaign_if_welcome(self):
        super()._campaign_if_welcome()
        if self._is_majority(len(self.pre_votes_received)):
            self._become_leader()
