"""The leader commits once it has as many successful replies as a majority has servers.

A follower that gets an entry twice, because its first reply was late, counts
twice.

Paper: section 5.3, Figure 2 (match_index)
Breaks: safety (Leader Completeness, State Machine Safety)
Found by: test_troubled_replication at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _note_match(self, peer, index):
        self.match_index[peer] = max(self.match_index[peer], index)
        self.next_index[peer] = max(self.next_index[peer], self.match_index[peer] + 1)
        if index > self.commit_index and self.log.term_at(index) == self.current_term:
            replies = vars(self).setdefault("replies", {})
            of_term = replies.setdefault(self.current_term, {})
            of_term[index] = of_term.get(index, 1) + 1
            if self._is_majority(of_term[index]):
                self._advance_commit_index(index)
