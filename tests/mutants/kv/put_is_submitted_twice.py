"""A server gives every put to Raft twice, and answers with what the second one returns.

Paper: section 8
Breaks: safety (Linearizability)
Found by: test_kv_versions at seed 0
"""

import kv
from kv.messages import WRONG_LEADER
from kv.server import KVServer as Reference


class KVServer(Reference):
    def put(self, args):
        first = super().put(args)
        return first if first.err == WRONG_LEADER else super().put(args)


kv.KVServer = KVServer
