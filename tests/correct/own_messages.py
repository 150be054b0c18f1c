"""A correct Raft with heartbeats of its own, and two kinds of requests for votes.

A heartbeat has the method `heartbeat`, and a tuple of numbers. A candidate asks each server
whether it would vote, and then for its vote.
"""

from dataclasses import asdict

from raft.messages import AppendEntriesArgs, RequestVoteArgs, RequestVoteReply
from raft.raft import Raft as Reference


class Peer:
    def __init__(self, end):
        self.end = end

    def call(self, method, args):
        if method == "Raft.request_vote":
            for kind in ("would vote", "vote"):
                reply = self.end.call(method, {"kind": kind, **asdict(args)})
                if reply is None or not reply.vote_granted:
                    break
            return reply
        if method == "Raft.append_entries" and not args.entries:
            prev = args.prev_log_index, args.prev_log_term
            beat = (args.term, args.leader_id, *prev, args.leader_commit)
            return self.end.call("Raft.heartbeat", beat)
        return self.end.call(method, args)


class Raft(Reference):
    def __init__(self, peers, *args):
        super().__init__([Peer(end) for end in peers], *args)

    def heartbeat(self, beat):
        *first, leader_commit = beat
        return self.append_entries(AppendEntriesArgs(*first, [], leader_commit))

    def request_vote(self, asked):
        kind = asked.pop("kind")
        args = RequestVoteArgs(**asked)
        if kind == "vote":
            return super().request_vote(args)
        with self.lock:
            # Else who has the newest log, and is behind in its term, wins by luck only.
            self._observe_term(args.term)
            current = self.current_term
            free = args.term == current and self._may_vote_for(args.candidate_id)
            return RequestVoteReply(current, free and self._is_up_to_date(args))
