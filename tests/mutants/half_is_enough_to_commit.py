"""An entry is committed when half of the servers store it.

The median of an odd number of servers is right; of four, the upper one of the
two in the middle is taken.

Paper: section 5.3
Breaks: safety (Leader Completeness, State Machine Safety)
Found by: test_two_halves at seed 1
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def commit_replicated(self):
        matched = sorted(
            [self.log.last_index, *(self.match_index[p] for p in self.others)]
        )
        index = matched[len(matched) // 2]
        if index > self.commit_index and self.log.term_at(index) == self.current_term:
            self.advance_commit_index(index)
