"""The leader commits an entry of an earlier term by counting its replicas.

Paper: section 5.4.2, Figure 8
Breaks: safety (Leader Completeness, State Machine Safety)
Go suite: in 1 of 3 suite runs
Found by: test_figure_8_step_by_step at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _commit_replicated(self):
        matched = sorted(
            [self.log.last_index, *(self.match_index[peer] for peer in self.others)]
        )
        self._advance_commit_index(matched[(len(matched) - 1) // 2])
