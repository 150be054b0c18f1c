"""Requests that wait when their server is shut down are never answered.

Paper: section 8
Breaks: liveness
"""

import rsm
from rsm.rsm import RSM as Reference


class RSM(Reference):
    def kill(self):
        self.killed = True
        self.raft.kill()


rsm.RSM = RSM
