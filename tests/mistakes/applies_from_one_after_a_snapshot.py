"""After a restart it applies from index 1, though it has a snapshot.

Part: 2D
Test: test_crash_and_restart_all at seed 0
Says: applied-below-snapshot|exception
"""

from raft.raft import Raft as Plain


class Raft(Plain):
    def read_saved_state(self):
        super().read_saved_state()
        self.restarted = True

    def next_messages(self):
        if self.restarted:
            self.restarted = False
            self.last_applied = 0
        return super().next_messages()
