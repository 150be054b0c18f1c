"""A leader answers gets from its table, without an entry in the log: one that was cut off
does not know that another one leads.

Paper: section 8
Breaks: safety (Linearizability)
Found by: test_kv_one_partition at seed 0
"""

import kv
from kv.messages import WRONG_LEADER, GetReply
from kv.server import KVServer as Reference


class KVServer(Reference):
    def get(self, args):
        _, is_leader = self.rsm.raft.get_state()
        return GetReply(*self._get(args.key)) if is_leader else GetReply(WRONG_LEADER)


kv.KVServer = KVServer
