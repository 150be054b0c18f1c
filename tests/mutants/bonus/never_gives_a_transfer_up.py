"""A leader hands over for ever, if the target does not answer.

Paper: section 3.10 of the dissertation
Breaks: liveness
Found by: test_target_that_cannot_be_reached at seed 0
"""

from raft import Raft as Reference


class Raft(Reference):
    def _run_transfer_timer(self, term):
        pass
