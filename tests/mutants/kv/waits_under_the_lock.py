"""submit holds the lock that the applier needs while it waits for its request.

Paper: section 8
Breaks: liveness
Found by: test_rsm_basic at seed 0
"""

import rsm
from rsm.rsm import RSM as Reference
from rsm.rsm import Submitted, uuid


class RSM(Reference):
    def submit(self, request):
        operation_id = uuid.uuid4().hex
        with self.lock:
            index, term, is_leader = self.raft.start((operation_id, request))
            if not is_leader:
                return "ErrWrongLeader", None
            submitted = self.submitted[index] = Submitted(operation_id, term)
            return submitted.answer.result()


rsm.RSM = RSM
