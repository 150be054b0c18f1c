"""AppendEntries is compared with the term of the last leader, and its term is taken over.

A server that has voted in a later term returns to an earlier one, and may vote again in the
later one.

Paper: section 5.1
Breaks: safety (current_term increases monotonically, Election Safety)
Source: vesoft-inc/nebula #2405
Found by: test_many_elections at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    leader_term = 0

    def append_entries(self, args):
        with self.lock:
            if self.leader_term <= args.term < self.current_term:
                self.current_term = args.term
                self.voted_for = None
                self._persist()
            self.leader_term = max(self.leader_term, args.term)
        return super().append_entries(args)
