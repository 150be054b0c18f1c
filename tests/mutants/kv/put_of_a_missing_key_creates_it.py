"""A put creates a key whatever version it gives.

Paper: section 8
Breaks: safety (Linearizability)
Found by: test_kv_versions at seed 0
"""

import kv
from kv.messages import OK
from kv.server import KVServer as Reference


class KVServer(Reference):
    def _put(self, key, value, version):
        if key not in self.table:
            self.table[key] = value, 1
            return OK
        return super()._put(key, value, version)


kv.KVServer = KVServer
