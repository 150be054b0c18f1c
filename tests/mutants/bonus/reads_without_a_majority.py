"""A leader answers a read without hearing from a majority that it still leads.

Paper: section 6.4 of the dissertation
Breaks: safety (Linearizability)
Found by: test_reads_at_a_leader_that_is_cut_off at seed 0
"""

from raft import Raft as Reference


class Raft(Reference):
    def _await_majority(self, reading):
        return True
