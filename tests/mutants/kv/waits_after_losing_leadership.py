"""Nobody answers requests whose leader has lost its leadership, unless another entry is
applied at their index.

Paper: section 8
Breaks: liveness
"""

import rsm
from rsm.rsm import RSM as Reference


class RSM(Reference):
    def _run_term_check(self):
        pass


rsm.RSM = RSM
