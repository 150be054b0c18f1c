"""Votes are given without checking the candidate's log.

Paper: section 5.4.1
Breaks: safety (Leader Completeness, State Machine Safety)
Go suite: yes, 7 tests
Found by: test_follower_reconnects at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _is_up_to_date(self, args):
        return True
