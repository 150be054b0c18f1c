"""A server that gets a snapshot takes from it the keys that it lacks, and no newer values.

Paper: section 7
Breaks: safety (Linearizability)
Found by: test_kv_snapshots_lead at seed 0
"""

import kv
from kv.server import KVServer as Reference
from kv.server import pickle


class KVServer(Reference):
    def restore(self, data):
        self.table = pickle.loads(data) | self.table


kv.KVServer = KVServer
