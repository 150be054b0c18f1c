"""AppendEntries without entries succeeds without comparing the logs.

The leader takes it that the follower has all that precedes.

Paper: section 5.3, Figure 2 (AppendEntries, step 2)
Breaks: safety (Log Matching)
Go suite: yes
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def find_conflict(self, args):
        return super().find_conflict(args) if args.entries else None
