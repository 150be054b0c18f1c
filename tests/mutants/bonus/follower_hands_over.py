"""A server that does not lead says that it hands its leadership over.

Paper: section 3.10 of the dissertation
Breaks: liveness
Found by: test_transfer_to_each_server at seed 0
"""

from raft import Raft as Reference


class Raft(Reference):
    def transfer_leadership(self, target):
        return super().transfer_leadership(target) or target != self.me
