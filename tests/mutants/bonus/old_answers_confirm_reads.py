"""An answer to entries that were sent before a read began confirms the leader.

Paper: section 6.4 of the dissertation
Breaks: safety (Linearizability)
Found by: test_answers_from_before_a_read at seed 0
"""

from raft import Raft as Reference


class Raft(Reference):
    def _note_match(self, peer, index):
        super()._note_match(peer, index)
        for reading in self.readings:
            reading.acknowledged.add(peer)
