"""The set of votes is read before the RPC and written after the reply.

Every reply makes it "mine and one more", so three votes are never reached.

Paper: section 5.2
Breaks: liveness
Found by: test_troubled_replication at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _send_request_vote(self, peer, args):
        votes = set(self.votes_received)
        reply = self.peers[peer].call("Raft.request_vote", args)
        if reply is None:
            return
        with self.lock:
            self._observe_term(reply.term)
            if reply.vote_granted and self._is_candidate_in(args.term):
                self.votes_received = votes | {peer}
                self._lead_if_elected()
