"""A candidate ignores a higher term in the reply to RequestVote.

Paper: section 5.1, Figure 2 (rules for all servers)
Breaks: liveness
Found by: test_later_term_in_a_vote at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _send_request_vote(self, peer, args):
        reply = self.peers[peer].call("Raft.request_vote", args)
        if reply is None:
            return
        with self.lock:
            if reply.vote_granted and self._is_candidate_in(args.term):
                self.votes_received.add(peer)
                self._lead_if_elected()
