"""The leader forgets that it stores its entries itself.

An entry needs one replica more than a majority, so one server down of three is
one too many.

Paper: section 5.3
Breaks: liveness
Found by: test_follower_failure at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def commit_replicated(self):
        matched = sorted(self.match_index)
        index = matched[(len(matched) - 1) // 2]
        if index > self.commit_index and self.log.term_at(index) == self.current_term:
            self.advance_commit_index(index)
