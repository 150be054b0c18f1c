"""Half of the servers count as a majority in an election.

With an odd number of servers there is no half. Of four servers, two and two can
each elect a leader in one term.

Paper: section 5.2
Breaks: safety (Election Safety)
Found by: test_two_halves at seed 1
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _is_majority(self, count):
        return count >= len(self.peers) / 2
