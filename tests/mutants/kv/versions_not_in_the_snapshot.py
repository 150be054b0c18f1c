"""A snapshot has the values, and no versions: after a restore each is 1.

Paper: section 7
Breaks: safety (Linearizability)
Found by: test_kv_snapshot_recover at seed 0
"""

import kv
from kv.server import KVServer as Reference
from kv.server import pickle


class KVServer(Reference):
    def snapshot(self):
        return pickle.dumps({key: value for key, (value, _) in self.table.items()})

    def restore(self, data):
        values = pickle.loads(data)
        self.table = {key: (value, 1) for key, value in values.items()}


kv.KVServer = KVServer
