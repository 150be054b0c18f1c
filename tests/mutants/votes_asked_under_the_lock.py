"""The candidate holds its lock while it waits for a vote.

Two candidates that ask each other wait for ever: neither can answer.

Paper: section 5.2
Breaks: liveness
Found by: test_leader_failure at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _send_request_vote(self, peer, args):
        with self.lock:
            reply = self.peers[peer].call("Raft.request_vote", args)
            if reply is None:
                return
            self._observe_term(reply.term)
            if reply.vote_granted and self._is_candidate_in(args.term):
                self.votes_received.add(peer)
                self._lead_if_elected()
