"""A put succeeds whatever version the key has.

Paper: section 8
Breaks: safety (Linearizability)
Found by: test_kv_versions at seed 0
"""

import kv
from kv.messages import OK
from kv.server import KVServer as Reference


class KVServer(Reference):
    def _put(self, key, value, version):
        _, current = self.table.get(key, ("", 0))
        self.table[key] = value, current + 1
        return OK


kv.KVServer = KVServer
