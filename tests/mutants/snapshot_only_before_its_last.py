"""A peer that lacks the last entry of the snapshot gets entries, not the snapshot.

The leader has no such entry: an exception, or another entry in its place.

Paper: section 7 (a leader sends a snapshot for what it has discarded)
Breaks: safety (State Machine Safety)
Found by: test_install_snapshots_disconnect at seed 1
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _replicate_to(self, peer):
        if self.next_index[peer] == self.log.last_included_index:
            args = self._append_entries_args(peer)
            self._start_thread(self._send_append_entries, peer, args)
            self.in_flight[peer] = args
        else:
            super()._replicate_to(peer)
