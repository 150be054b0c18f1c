"""A get takes the value from the log's operation, and the version from the table when it
replies.

Paper: section 8
Breaks: safety (Linearizability)
Found by: test_kv_unreliable at seed 0
"""

import kv
from kv.messages import OK
from kv.server import KVServer as Reference


class KVServer(Reference):
    def get(self, args):
        reply = super().get(args)
        if reply.err == OK:
            _, reply.version = self.table[args.key]
        return reply


kv.KVServer = KVServer
