"""start returns the index of the entry before.

Part: 2B
Test: test_basic_agreement at seed 0
Says: start-returned-another-index
"""

from raft.raft import Raft as Plain


class Raft(Plain):
    def start(self, command):
        index, term, leads = super().start(command)
        return (index - 1 if leads else index), term, leads
