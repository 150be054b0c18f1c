"""A leader whose term a majority acknowledges gives no read index.

Paper: section 6.4 of the dissertation
Breaks: liveness
Found by: test_reads_follow_commands at seed 0
"""

from raft import Raft as Reference


class Raft(Reference):
    def _is_confirmed(self, reading):
        return False
