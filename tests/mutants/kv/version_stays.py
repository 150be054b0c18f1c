"""A put that replaces a value leaves its version as it is.

Paper: section 8
Breaks: safety (Linearizability)
Found by: test_kv_versions at seed 0
"""

import kv
from kv.server import KVServer as Reference


class KVServer(Reference):
    def _put(self, key, value, version):
        err = super()._put(key, value, version)
        if version and err == "OK":
            self.table[key] = value, version
        return err


kv.KVServer = KVServer
