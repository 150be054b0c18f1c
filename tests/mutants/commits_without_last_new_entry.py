"""`commit_index` follows the leader's without min(…, index of last new entry).

Paper: section 5.3, Figure 2 (AppendEntries, step 5)
Breaks: safety (State Machine Safety)
Go suite: never
Equivalent: the reference's leader always sends its whole log from next_index on,
    and its commit index as of the same moment: that is never beyond the last of
    these entries. So min(…) never makes a difference, late and duplicated messages
    included; it is needed where entries are sent in portions.
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def follow_commit_index(self, args):
        self.advance_commit_index(min(args.leader_commit, self.log.last_index))
