"""An entry is committed when half of the servers store it.

With an odd number of servers the median is right; with four, the upper one of
the two in the middle is taken.

Paper: section 5.3
Breaks: safety (Leader Completeness, State Machine Safety)
Found by: test_two_halves at seed 1
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _commit_replicated(self):
        matched = sorted(
            [self.log.last_index, *(self.match_index[peer] for peer in self.others)]
        )
        index = matched[len(matched) // 2]
        if index > self.commit_index and self.log.term_at(index) == self.current_term:
            self._advance_commit_index(index)
