"""PreVote: no term is raised in vain (Ongaro's dissertation, section 9.6)."""

import time

from raft.messages import RequestVoteArgs, RequestVoteReply
from raft.raft import Raft as Reference
from raft.raft import Role


class PreVote(Reference):
    """A server that becomes a candidate only if a majority would vote for it."""

    pre_vote_args: RequestVoteArgs | None = None
    pre_votes_received: frozenset[int] = frozenset()
    leader_heard_s = float("-inf")

    # PreVote RPC.

    def pre_vote(self, args: RequestVoteArgs) -> RequestVoteReply:
        """Say whether this server would vote; its term, vote and timer stay as they are."""
        with self.lock:
            would_vote = (
                args.term > self.current_term
                and self._is_up_to_date(args)
                and not self._has_current_leader()
            )
            return RequestVoteReply(self.current_term, would_vote)

    def _has_current_leader(self) -> bool:
        """Return whether this server leads, or has heard from a leader of late."""
        silence_s = time.monotonic() - self.leader_heard_s
        return self.role is Role.LEADER or silence_s < self.election_timeout_s_min

    def _follow_current_leader(self) -> None:
        """Note when the leader was last heard, and give up to replace it."""
        super()._follow_current_leader()
        self.leader_heard_s = time.monotonic()
        self.pre_vote_args = None

    # Pre-candidates.

    def _become_candidate(self) -> None:
        """Ask first who would vote in the next term, without entering it."""
        self._reset_election_timer()
        self.pre_votes_received = frozenset([self.me])
        self.pre_vote_args = self._pre_vote_args()
        for peer in self.others:
            self._start_thread(self._send_pre_vote, peer, self.pre_vote_args)
        self._campaign_if_welcome()

    def _pre_vote_args(self) -> RequestVoteArgs:
        """Return what this server will ask votes with, if a majority would give theirs."""
        args = self._request_vote_args()
        args.term += 1
        return args

    def _send_pre_vote(self, peer: int, args: RequestVoteArgs) -> None:
        """Ask one peer whether it would vote, and count it if that is still of use."""
        reply = self.peers[peer].call("Raft.pre_vote", args)
        if reply is None:
            return
        with self.lock:
            self._observe_term(reply.term)
            is_current = self.pre_vote_args is args and self.current_term < args.term
            if reply.vote_granted and is_current:
                self.pre_votes_received |= {peer}
                self._campaign_if_welcome()

    def _campaign_if_welcome(self) -> None:
        """Begin the election once a majority would vote."""
        if self._is_majority(len(self.pre_votes_received)):
            self.pre_vote_args = None
            super()._become_candidate()
