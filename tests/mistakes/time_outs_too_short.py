"""Time-outs of 50 to 100 ms, where a heartbeat comes every 100 ms.

Part: 2A
Test: test_initial_election at seed 0
Says: terms-rise-without-failure
"""

import random
import time

from raft.raft import Raft as Plain


class Raft(Plain):
    def reset_election_timer(self):
        self.election_at = time.monotonic() + random.uniform(0.05, 0.1)
