"""A put that was sent again and then gets ErrVersion returns ErrVersion, although its first
copy may have been applied.

Paper: section 8
Breaks: safety (Linearizability)
Found by: test_kv_unreliable at seed 0
"""

import kv
from kv.clerk import Clerk as Reference
from kv.messages import PutArgs


class Clerk(Reference):
    def put(self, key, value, version):
        reply, _ = self._call("KV.put", PutArgs(key, value, version))
        return reply.err


kv.Clerk = Clerk
