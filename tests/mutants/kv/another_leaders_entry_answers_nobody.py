"""When another leader's entry is applied at a request's index, the request is dropped from
the list of those that wait, and never answered.

Paper: section 8
Breaks: liveness
Found by: test_rsm_leader_failure at seed 0
"""

import rsm
from rsm.rsm import RSM as Reference


class RSM(Reference):
    def _answer(self, index, operation_id, reply):
        with self.lock:
            submitted = self.submitted.pop(index, None)
            if submitted is not None and submitted.operation_id == operation_id:
                submitted.answer.set_result(("OK", reply))


rsm.RSM = RSM
