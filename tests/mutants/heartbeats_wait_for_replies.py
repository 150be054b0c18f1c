"""A peer is sent nothing while a call to it is under way.

A call to a server that is cut off takes up to seven seconds to fail; when the
server is back meanwhile, it hears of no leader and starts elections.

Paper: section 5.3 (RPCs in parallel, retried), section 5.2 (periodic heartbeats)
Breaks: liveness
Found by: test_re_election at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def replace_if_stuck(self, peer, call_seen):
        pass
