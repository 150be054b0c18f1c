"""submit answers with whatever is applied at its index, another leader's operation too.

Paper: section 8
Breaks: safety (Linearizability)
Found by: test_kv_old_leaders at seed 2
"""

import rsm
from rsm.rsm import RSM as Reference


class RSM(Reference):
    def _answer(self, index, operation_id, reply):
        with self.lock:
            submitted = self.submitted.pop(index, None)
            if submitted is not None:
                submitted.answer.set_result(("OK", reply))


rsm.RSM = RSM
