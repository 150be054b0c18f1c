"""A handler reads a field that the message does not have.

Part: 2A
Test: test_initial_election at seed 0
Says: exception
"""

from raft.raft import Raft as Plain


class Raft(Plain):
    def is_up_to_date(self, args):
        return args.lastLogIndex >= self.last_index()
