"""It does not look whether the candidate's log is up-to-date.

Part: 2B
Test: test_rejoin_of_partitioned_leader at seed 0
Says: voted-for-older-log
"""

from raft.raft import Raft as Plain


class Raft(Plain):
    def is_up_to_date(self, args):
        return True
