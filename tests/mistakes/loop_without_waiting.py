"""The election timer looks at the clock again and again, and never waits.

Part: 2A
Test: test_initial_election at seed 0
Says: runaway-loop
"""

from raft.raft import LEADER
from raft.raft import Raft as Plain


class Raft(Plain):
    def run_election_timer(self):
        while True:
            with self.lock:
                if self.role != LEADER and self.election_at < 0:
                    self.begin_election()
