"""Leader election and nothing else: what a student has after part 2A.

Terms, votes and heartbeats are right. Commands go to the leader's list and no further,
and nothing is persisted: parts 2B to 2D fail for want of agreement.
"""

import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from labrpc import ClientEnd, Persister

HEARTBEAT = 0.1


@dataclass
class VoteArgs:
    term: int
    candidate_id: int


@dataclass
class VoteReply:
    term: int
    granted: bool


@dataclass
class Heartbeat:
    term: int


class Raft:
    def __init__(
        self, peers: Sequence[ClientEnd], me: int, persister: Persister, apply_ch: Any
    ) -> None:
        self.peers = peers
        self.me = me
        self.mu = threading.Lock()
        self.dead = threading.Event()
        self.term = 0
        self.voted_for: int | None = None
        self.role = "follower"
        self.votes = 0
        self.commands: list[Any] = []
        self.reset_election_timer()
        threading.Thread(target=self.run, daemon=True).start()

    def get_state(self) -> tuple[int, bool]:
        with self.mu:
            return self.term, self.role == "leader"

    def start(self, command: Any) -> tuple[int, int, bool]:
        with self.mu:
            if self.role != "leader":
                return -1, self.term, False
            self.commands.append(command)  # TODO 2B: replicate it
            return len(self.commands), self.term, True

    def snapshot(self, index: int, snapshot: bytes) -> None:
        pass  # TODO 2D

    def kill(self) -> None:
        self.dead.set()

    def run(self) -> None:
        while not self.dead.is_set():
            with self.mu:
                if self.role == "leader":
                    self.send_heartbeats()
                    pause = HEARTBEAT
                else:
                    if time.monotonic() >= self.election_due:
                        self.start_election()
                    pause = self.election_due - time.monotonic()
            # Not longer than a heartbeat: an election may be won meanwhile.
            self.dead.wait(max(min(pause, HEARTBEAT), 0.001))

    def reset_election_timer(self) -> None:
        self.election_due = time.monotonic() + random.uniform(0.25, 0.5)

    def start_election(self) -> None:
        self.term += 1
        self.role = "candidate"
        self.voted_for = self.me
        self.votes = 1
        self.reset_election_timer()
        self.broadcast(self.ask_for_vote, VoteArgs(self.term, self.me))

    def send_heartbeats(self) -> None:
        self.broadcast(self.send_heartbeat, Heartbeat(self.term))

    def broadcast(self, send: Any, args: Any) -> None:
        for peer in range(len(self.peers)):
            if peer != self.me:
                threading.Thread(target=send, args=(peer, args), daemon=True).start()

    def ask_for_vote(self, peer: int, args: VoteArgs) -> None:
        reply = self.peers[peer].call("Raft.request_vote", args)
        if reply is None:
            return
        with self.mu:
            self.see_term(reply.term)
            if self.role != "candidate" or self.term != args.term:
                return  # the answer belongs to an election that is over
            if reply.granted:
                self.votes += 1
                if self.votes * 2 > len(self.peers):
                    self.role = "leader"
                    # `run` may be asleep: tell the others before they time out.
                    self.send_heartbeats()

    def send_heartbeat(self, peer: int, args: Heartbeat) -> None:
        term = self.peers[peer].call("Raft.append_entries", args)
        if term is not None:
            with self.mu:
                self.see_term(term)

    def see_term(self, term: int) -> None:
        if term > self.term:
            if self.role == "leader":
                self.reset_election_timer()
            self.term = term
            self.role = "follower"
            self.voted_for = None

    def request_vote(self, args: VoteArgs) -> VoteReply:
        with self.mu:
            self.see_term(args.term)
            free = self.voted_for is None or self.voted_for == args.candidate_id
            granted = args.term == self.term and free
            if granted:
                self.voted_for = args.candidate_id
                self.reset_election_timer()
            return VoteReply(self.term, granted)

    def append_entries(self, args: Heartbeat) -> int:
        with self.mu:
            self.see_term(args.term)
            if args.term == self.term:
                self.role = "follower"
                self.reset_election_timer()
            return self.term
