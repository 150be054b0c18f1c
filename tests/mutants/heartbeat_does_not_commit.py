"""AppendEntries without entries returns before `commit_index` is looked at.

Followers learn that an entry is committed with the next one only.

Paper: section 5.3, Figure 2 (AppendEntries, step 5)
Breaks: liveness
Found by: test_basic_agreement at seed 1
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def follow_commit_index(self, args):
        if args.entries:
            super().follow_commit_index(args)
