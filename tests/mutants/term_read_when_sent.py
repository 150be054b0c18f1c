"""AppendEntries is composed by the thread that sends it, without the lock.

The server may have lost its leadership since: then it sends entries in the term of
another leader, as that leader.

Paper: section 5.3, Figure 3
Breaks: safety (Leader Completeness, State Machine Safety)
Found by: test_stalled_servers at seed 0 with --preempt
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _replicate_to(self, peer):
        if self.next_index[peer] > self.log.last_included_index:
            self.in_flight[peer] = marker = object()
            self._start_thread(self._compose_and_send, peer, marker)
        else:
            super()._replicate_to(peer)

    def _compose_and_send(self, peer, marker):
        if self.next_index[peer] <= self.log.last_included_index:
            self._note_landed(peer, marker)
            return
        args = self._append_entries_args(peer)
        if self.in_flight[peer] is marker:
            self.in_flight[peer] = args
        self._send_append_entries(peer, args)
