"""A server that is asked to begin an election leads without the votes of a majority.

Paper: section 3.10 of the dissertation
Breaks: safety (Election Safety)
Found by: test_transfer_to_each_server at seed 0
"""

from raft import Raft as Reference


class Raft(Reference):
    def timeout_now(self, args):
        reply = super().timeout_now(args)
        with self.lock:
            self._become_leader()
        return reply
