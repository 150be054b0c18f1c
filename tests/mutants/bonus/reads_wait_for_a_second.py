"""A leader waits for a second before it looks at its commit index for a read.

Paper: section 6.4 of the dissertation
Breaks: liveness
Found by: test_reads_follow_commands at seed 0
"""

import time

from raft import Raft as Reference


class Raft(Reference):
    def read_index(self):
        time.sleep(1)
        return super().read_index()
