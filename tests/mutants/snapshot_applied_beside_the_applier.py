"""A thread of its own puts an installed snapshot on the apply channel.

The applier may be handing over older entries at that moment.

Paper: section 7
Breaks: safety (State Machine Safety)
Found by: test_snapshot_beside_entries at seed 1
"""

from labrpc import ApplyMsg
from raft.raft import Raft as Reference


class Raft(Reference):
    def _install(self, args):
        super()._install(args)
        self.snapshot_to_apply = None
        self.last_applied = args.last_included_index
        message = ApplyMsg(
            snapshot_valid=True,
            snapshot=args.data,
            snapshot_index=args.last_included_index,
            snapshot_term=args.last_included_term,
        )
        self._start_thread(self.apply_ch.put, message)
