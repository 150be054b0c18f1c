"""A get that gets no reply returns ErrNoKey.

Paper: section 8
Breaks: safety (Linearizability)
Found by: test_kv_unreliable at seed 0
"""

import kv
from kv.clerk import Clerk as Reference
from kv.messages import NO_KEY, WRONG_LEADER, GetArgs


class Clerk(Reference):
    def get(self, key):
        while True:
            reply = self.servers[self.leader].call("KV.get", GetArgs(key))
            if reply is None:
                return "", 0, NO_KEY
            if reply.err != WRONG_LEADER:
                return reply.value, reply.version, reply.err
            self.leader = (self.leader + 1) % len(self.servers)


kv.Clerk = Clerk
