"""A leader fills an AppendEntries up to a limit, and leaves out what does not fit.

It does not stop there: a smaller entry that follows a large one still goes in, and the
follower stores it one index too low.

Paper: section 5.3, Figure 3
Breaks: safety (Log Matching, State Machine Safety)
Source: logcabin/logcabin #160
Found by: test_troubled_snapshots at seed 0
"""

import pickle

from raft.raft import Raft as Reference


class Raft(Reference):
    def _append_entries_args(self, peer):
        args = super()._append_entries_args(peer)
        packed, size = [], 0
        for entry in args.entries:
            entry_size = len(pickle.dumps(entry))
            if not packed or size + entry_size <= 4000:
                packed.append(entry)
                size += entry_size
        args.entries = packed
        return args
