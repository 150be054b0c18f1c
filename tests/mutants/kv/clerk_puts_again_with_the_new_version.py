"""A put that is refused is sent again with the version that the key has now.

Paper: section 8
Breaks: safety (Linearizability)
Found by: test_kv_versions at seed 0
"""

import kv
from kv.clerk import Clerk as Reference
from kv.messages import MAYBE, VERSION


class Clerk(Reference):
    def put(self, key, value, version):
        while True:
            err = super().put(key, value, version)
            if err not in (VERSION, MAYBE):
                return err
            _, version, _ = self.get(key)


kv.Clerk = Clerk
