"""A server performs an operation only if it leads when the operation is applied.

Paper: section 8
Breaks: safety (Linearizability)
Found by: test_kv_many_partitions_one_client at seed 0
"""

import kv
from kv.server import KVServer as Reference


class KVServer(Reference):
    def do_op(self, request):
        if not self.rsm.raft.get_state()[1]:
            return None
        return super().do_op(request)


kv.KVServer = KVServer
