"""It hands the service messages while it holds the lock that snapshot() needs.

Part: 2D
Test: test_snapshots_basic at seed 0
Says: deadlock
"""

from raft.raft import Raft as Plain


class Raft(Plain):
    def apply_committed(self):
        while True:
            with self.lock:
                while self.installed is None and self.last_applied >= self.commit_index:
                    self.can_apply.wait()
                for message in self.next_messages():
                    self.apply_ch.put(message)
