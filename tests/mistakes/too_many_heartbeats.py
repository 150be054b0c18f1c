"""A heartbeat every millisecond, each in a thread of its own.

Part: 2B
Test: test_rpc_counts at seed 0
Says: requests-repeated
"""

import time

from raft.raft import LEADER
from raft.raft import Raft as Plain


class Raft(Plain):
    def send_heartbeats(self, term):
        while True:
            with self.lock:
                if self.role != LEADER or self.current_term != term:
                    return
                self.broadcast()
            time.sleep(0.001)
