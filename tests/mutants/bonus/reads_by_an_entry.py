"""A leader answers a read once an entry of its own is committed after it.

Paper: section 6.4 of the dissertation
Breaks: liveness
Found by: test_reads_follow_commands at seed 0
"""

from raft import Raft as Reference


class Raft(Reference):
    def read_index(self):
        self.start("read")
        return super().read_index()
