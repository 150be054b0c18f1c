"""A peer gets no heartbeat while an RPC to it is under way.

A call to a server that is cut off takes up to seven seconds to fail. If the
server is back earlier, it does not hear from the leader and starts elections.

Paper: section 5.3 (RPCs in parallel, retried), section 5.2 (periodic heartbeats)
Breaks: liveness
Found by: test_re_election at seed 0
"""

import time

from raft.raft import Raft as Reference


class Raft(Reference):
    def _run_heartbeats(self, term):
        while True:
            with self.lock:
                if not self._is_leader_in(term):
                    return
                for peer in self.others:
                    if self.in_flight[peer] is None:
                        self._replicate_to(peer)
            time.sleep(self.heartbeat_interval_s)
