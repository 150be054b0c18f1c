"""AppendEntries without entries does not advance `commit_index`.

Followers learn that an entry is committed only when the next one comes.

Paper: section 5.3, Figure 2 (AppendEntries, step 5)
Breaks: liveness
Found by: test_basic_agreement at seed 1
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _follow_commit_index(self, args):
        if args.entries:
            super()._follow_commit_index(args)
