"""A candidate refuses AppendEntries from the leader of its own term.

It stands again in a higher term, and so deposes the leader that won.

Paper: section 5.2 (a candidate recognizes the leader of its term)
Breaks: liveness
Found by: test_losing_candidate at seed 0
"""

from raft.messages import AppendEntriesReply
from raft.raft import Raft as Reference
from raft.raft import Role


class Raft(Reference):
    def append_entries(self, args):
        with self.lock:
            if self.role is Role.CANDIDATE and args.term == self.current_term:
                return AppendEntriesReply(self.current_term, False)
        return super().append_entries(args)
