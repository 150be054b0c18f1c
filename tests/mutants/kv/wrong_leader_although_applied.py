"""A request that others have followed is answered ErrWrongLeader although it was applied.

Paper: section 8
Breaks: liveness
Found by: test_rsm_concurrent at seed 0
"""

import rsm
from rsm.rsm import RSM as Reference


class RSM(Reference):
    def _answer(self, index, operation_id, reply):
        with self.lock:
            if len(self.submitted) > 1 and index in self.submitted:
                self._give_up(self.submitted.pop(index))
                return
        super()._answer(index, operation_id, reply)


rsm.RSM = RSM
