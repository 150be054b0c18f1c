"""The votes are counted by a number that is read before the RPC and written after.

Every reply makes it "mine and one more", so that three votes are never reached.

Paper: section 5.2
Breaks: liveness
Found by: test_troubled_elections at seed 0
"""

from raft.raft import Raft as Reference


class Raft(Reference):
    def ask_for_vote(self, peer, args):
        votes = set(self.votes_received)
        reply = self.peers[peer].call("Raft.request_vote", args)
        if reply is None:
            return
        with self.lock:
            self.step_down_if_behind(reply.term)
            if self.is_candidate_in(args.term) and reply.vote_granted:
                self.votes_received = votes | {peer}
                self.lead_if_elected()
