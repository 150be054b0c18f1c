"""A candidate that has the votes takes the lock once more to lead, and looks at nothing then.

It may have seen a higher term in between, and leads that one without a vote.

Paper: section 5.2, Figure 3
Breaks: safety (Election Safety)
Source: redpanda-data/redpanda PR #6546
Found by: test_troubled_recovery at seed 1 with --preempt
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def _send_request_vote(self, peer, args):
        reply = self.peers[peer].call("Raft.request_vote", args)
        if reply is None:
            return
        with self.lock:
            self._observe_term(reply.term)
            if not (reply.vote_granted and self._is_candidate_in(args.term)):
                return
            self.votes_received.add(peer)
            is_elected = self._is_majority(len(self.votes_received))
        if is_elected:
            with self.lock:
                self._become_leader()
