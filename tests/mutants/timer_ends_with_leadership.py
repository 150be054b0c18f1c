"""The election timer's thread ends when the server becomes leader.

Nobody starts it again when the server steps down, so it never stands again.

Paper: section 5.2
Breaks: liveness
Found by: test_install_snapshots_disconnect at seed 1
"""

import time

from raft.raft import Raft as Reference
from raft.raft import Role


class Raft(Reference):
    def run_election_timer(self):
        while True:
            with self.lock:
                if self.killed or self.role is Role.LEADER:
                    return
                remaining = self.election_deadline - time.monotonic()
                if remaining <= 0:
                    self.start_election()
                    remaining = self.election_deadline - time.monotonic()
            time.sleep(remaining)
