"""All servers have the same time-out.

Part: 2A
Test: test_initial_election at seed 0
Says: candidates-at-once
"""

import time

from raft.raft import Raft as Plain


class Raft(Plain):
    def reset_election_timer(self):
        self.election_at = time.monotonic() + 0.5
