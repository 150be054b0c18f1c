"""A put that is refused raises the version all the same.

Paper: section 8
Breaks: safety (Linearizability)
Found by: test_kv_versions at seed 0
"""

import kv
from kv.messages import VERSION
from kv.server import KVServer as Reference


class KVServer(Reference):
    def _put(self, key, value, version):
        err = super()._put(key, value, version)
        if err == VERSION:
            current, number = self.table[key]
            self.table[key] = current, number + 1
        return err


kv.KVServer = KVServer
