"""Keys that begin with the same two characters are one key.

Paper: section 8
Breaks: safety (Linearizability)
Found by: test_kv_persist_partition_unreliable_linearizable at seed 0
"""

import kv
from kv.server import KVServer as Reference


class KVServer(Reference):
    def do_op(self, request):
        kind, key, *rest = request
        return super().do_op((kind, key[:2], *rest))


kv.KVServer = KVServer
