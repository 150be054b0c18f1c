"""A server that restarts does not read its snapshot.

Paper: section 7
Breaks: safety (Linearizability)
Found by: test_kv_snapshot_recover at seed 0
"""

import rsm
from rsm.rsm import RSM as Reference


class RSM(Reference):
    def __init__(self, *args):
        self.started = False
        super().__init__(*args)
        self.started = True

    def _restore(self, snapshot):
        if self.started:
            super()._restore(snapshot)


rsm.RSM = RSM
