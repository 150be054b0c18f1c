"""get_state takes a lock that its thread holds already.

Part: 2A
Test: test_initial_election at seed 0
Says: deadlock
"""

from raft.raft import LEADER
from raft.raft import Raft as Plain


class Raft(Plain):
    def is_leader(self):
        with self.lock:
            return self.role == LEADER

    def get_state(self):
        with self.lock:
            return self.current_term, self.is_leader()
