"""A leader performs a put on its own table, answers, and gives it to Raft afterwards.

Paper: section 8
Breaks: safety (Linearizability)
Found by: test_kv_versions at seed 0
"""

import kv
from kv.messages import WRONG_LEADER, PutReply
from kv.server import KVServer as Reference


class KVServer(Reference):
    def put(self, args):
        _, _, is_leader = self.rsm.raft.start(
            ("", ("put", args.key, args.value, args.version))
        )
        if not is_leader:
            return PutReply(WRONG_LEADER)
        before = self.table.get(args.key)
        err = self._put(args.key, args.value, args.version)
        if before is not None:
            self.table[args.key] = before
        elif err == "OK":
            del self.table[args.key]
        return PutReply(err)


kv.KVServer = KVServer
