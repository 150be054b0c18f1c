"""The replicated state machine takes no snapshot.

Paper: section 7
Breaks: liveness
Found by: test_rsm_snapshot at seed 0
"""

import rsm
from rsm.rsm import RSM as Reference


class RSM(Reference):
    def _take_snapshot_if_large(self):
        pass


rsm.RSM = RSM
