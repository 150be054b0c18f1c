"""A reply goes to the first request that is equal to the one applied, whoever made it.

Paper: section 8
Breaks: safety (Linearizability)
Found by: test_kv_persist_one_client at seed 0
"""

import rsm
from rsm.rsm import RSM as Reference
from rsm.rsm import Submitted


class RSM(Reference):
    def submit(self, request):
        request_id = repr(request)
        with self.lock:
            if self.killed:
                return "ErrWrongLeader", None
            index, term, is_leader = self.raft.start((request_id, request))
            if not is_leader:
                return "ErrWrongLeader", None
            self._give_up(self.submitted.get(index))
            submitted = self.submitted[index] = Submitted(request_id, term)
        return submitted.answer.result()

    def _answer(self, index, operation_id, reply):
        with self.lock:
            for at, submitted in list(self.submitted.items()):
                if submitted.operation_id == operation_id:
                    del self.submitted[at]
                    submitted.answer.set_result(("OK", reply))
                    return


rsm.RSM = RSM
