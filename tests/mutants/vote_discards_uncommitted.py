"""A server that gives its vote deletes what it does not know to be committed.

It may have acknowledged these entries, and their leader may have committed them.

Paper: section 5.4.1, Figure 2 (AppendEntries, step 3: only what conflicts is deleted)
Breaks: safety (Leader Completeness, State Machine Safety)
Source: vesoft-inc/nebula PR #1303
Found by: test_figure_8_unreliable at seed 2
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _vote_for(self, candidate_id):
        self.log.truncate_from(self.commit_index + 1)
        super()._vote_for(candidate_id)
