"""A leader ignores the reply to a snapshot if it has sent another one meanwhile.

A follower whose replies take longer than a heartbeat gets the same snapshot again and again,
and nothing else.

Paper: section 5.3 (the leader retries), section 7
Breaks: liveness
Source: ClickHouse/NuRaft PR #121
Found by: test_minorities_return_to_snapshots at seed 1
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _send_install_snapshot(self, peer, args):
        reply = self.peers[peer].call("Raft.install_snapshot", args)
        with self.lock:
            is_latest = self.in_flight[peer] is args
            self._note_landed(peer, args)
            if reply is None:
                return
            self._observe_term(reply.term)
            if is_latest and self._is_leader_in(args.term):
                self._note_match(peer, args.last_included_index)
                self._replicate_if_idle(peer)
