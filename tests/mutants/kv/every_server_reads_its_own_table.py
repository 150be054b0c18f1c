"""Every server answers gets from its table, without an entry in the log.

Paper: section 8
Breaks: safety (Linearizability)
Found by: test_kv_unreliable at seed 0
"""

import kv
from kv.messages import GetReply
from kv.server import KVServer as Reference


class KVServer(Reference):
    def get(self, args):
        return GetReply(*self._get(args.key))


kv.KVServer = KVServer
