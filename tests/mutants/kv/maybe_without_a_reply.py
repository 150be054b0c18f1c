"""A put that gets no reply returns ErrMaybe, and is not sent again.

Paper: section 8
Breaks: safety (Linearizability)
Found by: test_kv_unreliable at seed 0
"""

import kv
from kv.clerk import Clerk as Reference
from kv.messages import MAYBE, WRONG_LEADER, PutArgs


class Clerk(Reference):
    def put(self, key, value, version):
        args = PutArgs(key, value, version)
        while True:
            reply = self.servers[self.leader].call("KV.put", args)
            if reply is None:
                return MAYBE
            if reply.err != WRONG_LEADER:
                return reply.err
            self.leader = (self.leader + 1) % len(self.servers)


kv.Clerk = Clerk
