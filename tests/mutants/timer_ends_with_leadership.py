"""The election timer's thread ends when the server becomes leader.

Nothing starts it again when the server steps down, so it never becomes a
candidate again.

Paper: section 5.2
Breaks: liveness
Found by: test_install_snapshots_disconnect at seed 1
"""

import time

from raft.raft import Raft as Reference
from raft.raft import Role


class Raft(Reference):
    def _run_election_timer(self):
        while True:
            with self.lock:
                if self.killed or self.role is Role.LEADER:
                    return
                if time.monotonic() >= self.election_deadline_s:
                    self._become_candidate()
                remaining_s = self.election_deadline_s - time.monotonic()
            time.sleep(max(0.0, remaining_s))
