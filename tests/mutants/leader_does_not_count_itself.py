"""The leader does not count itself among the servers that store an entry.

An entry then needs one replica more than a majority: of three servers none may
be down.

Paper: section 5.3
Breaks: liveness
Found by: test_follower_failure at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _commit_replicated(self):
        matched = sorted(self.match_index)
        index = matched[(len(matched) - 1) // 2]
        if index > self.commit_index and self.log.term_at(index) == self.current_term:
            self._advance_commit_index(index)
