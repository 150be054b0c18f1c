"""Half of the servers count as a majority.

With an odd number of servers there is no half. Of four, two and two can elect a
leader each in one term.

Paper: section 5.2
Breaks: safety (Election Safety)
Found by: test_two_halves at seed 1
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def is_majority(self, count):
        return count >= len(self.peers) / 2
