"""A leader takes commands while it hands over.

Paper: section 3.10 of the dissertation
Breaks: liveness
Found by: test_commands_during_a_transfer at seed 0
"""

from raft.leadership_transfer import LeadershipTransfer

from raft import Raft as Reference


class Raft(Reference):
    def start(self, command):
        return super(LeadershipTransfer, self).start(command)
