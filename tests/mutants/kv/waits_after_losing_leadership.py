"""Requests whose leader has lost its leadership are answered only if another entry is
applied at their index.

Paper: section 8
Breaks: liveness
Found by: test_rsm_leader_partition at seed 0
"""

import rsm
from rsm.rsm import RSM as Reference


class RSM(Reference):
    def _run_term_check(self):
        pass


rsm.RSM = RSM
