"""A leader performs a request when it is submitted, and again when it is applied.

Paper: section 8
Breaks: safety (Linearizability)
Found by: test_rsm_restart_replay at seed 0
"""

import rsm
from rsm.rsm import RSM as Reference


class RSM(Reference):
    def submit(self, request):
        err, reply = super().submit(request)
        if err == "OK":
            self.state_machine.do_op(request)
        return err, reply


rsm.RSM = RSM
