"""An installed snapshot is put on the apply channel by a thread of its own.

The applier may be handing over older entries at that moment.

Paper: section 7
Breaks: safety (State Machine Safety)
Found by: test_snapshot_beside_entries at seed 1
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def take_snapshot(self, args):
        super().take_snapshot(args)
        self.run_in_thread(self.apply_ch.put, self.received_snapshot)
        self.received_snapshot = None
        self.last_applied = args.last_included_index
