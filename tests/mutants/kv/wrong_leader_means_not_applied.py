"""The clerk does not count a put as sent if the answer is ErrWrongLeader: that server may
have lost its leadership after it gave the put to Raft.

Paper: section 8
Breaks: safety (Linearizability)
Found by: test_kv_old_leaders at seed 0
"""

import kv
from kv.clerk import PAUSE_S, time
from kv.clerk import Clerk as Reference
from kv.messages import WRONG_LEADER


class Clerk(Reference):
    def _call(self, method, args):
        times_sent = asked = 0
        while True:
            reply = self.servers[self.leader].call(method, args)
            asked += 1
            if reply is None or reply.err != WRONG_LEADER:
                times_sent += 1
                if reply is not None:
                    return reply, times_sent
            self.leader = (self.leader + 1) % len(self.servers)
            if asked % len(self.servers) == 0:
                time.sleep(PAUSE_S)


kv.Clerk = Clerk
