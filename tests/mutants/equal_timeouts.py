"""All servers have the same election time-out.

They become candidates at the same time, and the votes are split again and again.

Paper: section 5.2 (randomized election timeouts)
Breaks: liveness
Go suite: yes, 3 tests
Found by: test_initial_election at seed 1
"""

import time

from raft.raft import Raft as Reference


class Raft(Reference):
    def _reset_election_timer(self):
        self.election_deadline_s = time.monotonic() + self.election_timeout_s_min
