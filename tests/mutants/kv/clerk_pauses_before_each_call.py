"""The clerk pauses before each request, not only after it has asked all servers in vain.

Paper: section 8
Breaks: liveness
Found by: test_kv_speed at seed 0
"""

import kv
from kv.clerk import Clerk as Reference
from kv.clerk import time


class Clerk(Reference):
    def _call(self, method, args):
        time.sleep(0.05)
        return super()._call(method, args)


kv.Clerk = Clerk
