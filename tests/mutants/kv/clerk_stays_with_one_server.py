"""The clerk asks the same server again and again.

Paper: section 8
Breaks: liveness
Found by: test_kv_versions at seed 0
"""

import kv
from kv.clerk import PAUSE_S, time
from kv.clerk import Clerk as Reference
from kv.messages import WRONG_LEADER


class Clerk(Reference):
    def _call(self, method, args):
        times_sent = 0
        while True:
            reply = self.servers[0].call(method, args)
            times_sent += 1
            if reply is not None and reply.err != WRONG_LEADER:
                return reply, times_sent
            time.sleep(PAUSE_S)


kv.Clerk = Clerk
