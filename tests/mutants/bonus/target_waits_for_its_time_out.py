"""A server that is asked to begin an election waits until its time-out ends.

Paper: section 3.10 of the dissertation
Breaks: liveness
Found by: test_transfer_to_each_server at seed 0
"""

from raft.leadership_transfer import TimeoutNowReply

from raft import Raft as Reference


class Raft(Reference):
    def timeout_now(self, args):
        with self.lock:
            return TimeoutNowReply(self.current_term)
