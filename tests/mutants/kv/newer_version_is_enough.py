"""A put succeeds if its version is that of the key, or a later one.

Paper: section 8
Breaks: safety (Linearizability)
Found by: test_kv_versions at seed 0
"""

import kv
from kv.messages import NO_KEY, OK, VERSION
from kv.server import KVServer as Reference


class KVServer(Reference):
    def _put(self, key, value, version):
        if key not in self.table and version > 0:
            return NO_KEY
        _, current = self.table.get(key, ("", 0))
        if version < current:
            return VERSION
        self.table[key] = value, version + 1
        return OK


kv.KVServer = KVServer
