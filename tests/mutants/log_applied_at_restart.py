"""A server that restarts takes all of its log for committed.

Paper: section 5.3, Figure 2 (commitIndex begins at 0)
Breaks: safety (Leader Completeness, State Machine Safety)
Source: goraft/raft #69
Found by: test_figure_8 at seed 1
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _restore(self):
        super()._restore()
        self.commit_index = self.log.last_index
