"""A stale leader is refused in its own term, not in the newer one.

The reply carries `args.term`, so the old leader never learns that it is deposed.

Paper: section 5.1, Figure 2 (AppendEntries: "currentTerm, for leader to update itself")
Breaks: liveness
Found by: test_hears_but_cannot_ask at seed 1
"""

from raft.messages import AppendEntriesReply
from raft.raft import Raft as Reference


class Raft(Reference):
    def append_entries(self, args):
        with self.lock:
            if args.term < self.current_term:
                return AppendEntriesReply(args.term, False)
        return super().append_entries(args)
