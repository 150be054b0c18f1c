"""A reply goes to the request that has waited longest, whatever its index.

Paper: section 8
Breaks: safety (Linearizability)
Found by: test_kv_persist_one_client at seed 0
"""

import rsm
from rsm.rsm import RSM as Reference


class RSM(Reference):
    def _answer(self, index, operation_id, reply):
        with self.lock:
            if self.submitted:
                first = self.submitted.pop(next(iter(self.submitted)))
                first.answer.set_result(("OK", reply))


rsm.RSM = RSM
