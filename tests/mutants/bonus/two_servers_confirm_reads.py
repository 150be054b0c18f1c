"""A leader counts itself and one other as a majority of any cluster, for reads.

Paper: section 6.4 of the dissertation
Breaks: safety (Linearizability)
Found by: test_reads_at_a_leader_that_is_cut_off at seed 0
"""

from raft import Raft as Reference


class Raft(Reference):
    def _is_confirmed(self, reading):
        return len(reading.acknowledged) >= 2
