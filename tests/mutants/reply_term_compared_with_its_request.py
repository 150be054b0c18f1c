"""A term in a reply is taken if it is above the request's, though the server's is higher by now.

The term falls, and the vote of the lower term is free again.

Paper: section 5.1
Breaks: safety (Election Safety)
Source: public solutions of the lab (`if reply.Term > args.Term { rf.currentTerm = reply.Term }`)
Found by: test_figure_8 at seed 1
"""

from raft.raft import Raft as Reference
from raft.raft import Role


class Raft(Reference):
    def _send_request_vote(self, peer, args):
        reply = self.peers[peer].call("Raft.request_vote", args)
        if reply is None:
            return
        with self.lock:
            if reply.term > args.term:
                self.current_term = reply.term
                self.role = Role.FOLLOWER
                self.voted_for = None
                self._persist()
            elif reply.vote_granted and self._is_candidate_in(args.term):
                self.votes_received.add(peer)
                self._lead_if_elected()
