"""Requests that wait when their server is shut down are never answered.

Paper: section 8
Breaks: liveness
Found by: test_rsm_shutdown at seed 0
"""

import rsm
from rsm.rsm import RSM as Reference


class RSM(Reference):
    def kill(self):
        self.killed = True
        self.raft.kill()


rsm.RSM = RSM
