"""A leader says that it does not hand its leadership over.

Paper: section 3.10 of the dissertation
Breaks: liveness
Found by: test_commands_during_a_transfer at seed 0
"""

from raft import Raft as Reference


class Raft(Reference):
    def transfer_leadership(self, target):
        super().transfer_leadership(target)
        return False
