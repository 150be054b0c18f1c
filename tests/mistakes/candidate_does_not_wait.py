"""A candidate does not restart its timer, and begins elections one upon the other.

Part: 2A
Test: test_re_election at seed 0
Says: elections-in-quick-succession
"""

from raft.raft import Raft as Plain


class Raft(Plain):
    def begin_election(self):
        election_at = self.election_at
        super().begin_election()
        self.election_at = election_at
