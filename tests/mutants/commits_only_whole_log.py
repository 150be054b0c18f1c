"""An entry is committed only once a majority stores the whole log of the leader.

With commands in every round trip the leader has always appended more by then.

Paper: section 5.3
Breaks: liveness
Source: public solutions of the lab (`matchIndex[i] == len(log) - 1`)
Found by: test_steady_commands at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _commit_replicated(self):
        last = self.log.last_index
        count = 1 + sum(self.match_index[peer] == last for peer in self.others)
        if self._is_majority(count) and self.log.term_at(last) == self.current_term:
            self._advance_commit_index(last)
