"""`commit_index` follows the leader's without min(…, index of last new entry).

Paper: section 5.3, Figure 2 (AppendEntries, step 5)
Breaks: safety (State Machine Safety)
Go suite: never
Equivalent: the reference's leader always sends its whole log from next_index on,
    together with its commit index at that moment, which is never beyond the last
    of these entries. So min(…) never makes a difference, not even for late and
    duplicated messages. A leader that sends entries in portions needs it.
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _follow_commit_index(self, args):
        self._advance_commit_index(min(args.leader_commit, self.log.last_index))
