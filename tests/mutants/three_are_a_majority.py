"""A majority is three at most: right for five servers and fewer, wrong for seven.

Paper: section 5.2
Breaks: safety (Election Safety, Leader Completeness)
Found by: test_troubled_elections at seed 1
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _is_majority(self, count):
        return count >= min(3, len(self.peers) // 2 + 1)
