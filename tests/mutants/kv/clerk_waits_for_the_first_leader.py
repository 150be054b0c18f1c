"""The clerk remembers the leader, and never asks another server once it has found one.

Paper: section 8
Breaks: liveness
Found by: test_kv_one_partition at seed 0
"""

import kv
from kv.clerk import PAUSE_S, time
from kv.clerk import Clerk as Reference
from kv.messages import WRONG_LEADER


class Clerk(Reference):
    found = False

    def _call(self, method, args):
        times_sent = 0
        while True:
            reply = self.servers[self.leader].call(method, args)
            times_sent += 1
            if reply is not None and reply.err != WRONG_LEADER:
                self.found = True
                return reply, times_sent
            if not self.found:
                self.leader = (self.leader + 1) % len(self.servers)
            time.sleep(PAUSE_S)


kv.Clerk = Clerk
