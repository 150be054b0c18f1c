"""The server compares the version before the put is in the log, and not when it is applied.

Paper: section 8
Breaks: safety (Linearizability)
Found by: test_kv_concurrent at seed 0
"""

import kv
from kv.messages import NO_KEY, OK, VERSION, WRONG_LEADER, PutReply
from kv.server import KVServer as Reference


class KVServer(Reference):
    def put(self, args):
        if not self.rsm.raft.get_state()[1]:
            return PutReply(WRONG_LEADER)
        _, current = self.table.get(args.key, ("", 0))
        if args.version != current:
            return PutReply(VERSION if current else NO_KEY)
        return super().put(args)

    def _put(self, key, value, version):
        self.table[key] = value, version + 1
        return OK


kv.KVServer = KVServer
