"""Every AppendEntries resets the election timer, even one of an earlier term.

Paper: section 5.2, Figure 2 ("AppendEntries RPC from current leader")
Breaks: liveness
Found by: test_leader_of_an_earlier_term at seed 1
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def append_entries(self, args):
        with self.lock:
            self._reset_election_timer()
        return super().append_entries(args)
