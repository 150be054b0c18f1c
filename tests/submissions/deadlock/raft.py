"""A Raft with two locks, taken in opposite order by the ticker and the vote handler.

`run` takes `state_lock`, waits a moment, then takes `ballot_lock`; `request_vote` takes
`ballot_lock`, then `state_lock`. A server that is asked for its vote in the moment in
which it becomes a candidate is stuck for good, as happens in the first election.
"""

import random
import threading
import time
from collections.abc import Sequence
from typing import Any

from labrpc import ClientEnd, Persister


class Raft:
    def __init__(
        self, peers: Sequence[ClientEnd], me: int, persister: Persister, apply_ch: Any
    ) -> None:
        self.peers = peers
        self.me = me
        self.state_lock = threading.Lock()  # guards term, leader
        self.ballot_lock = threading.Lock()  # guards voted_for, votes
        self.term = 0
        self.leader = False
        self.voted_for: int | None = None
        self.votes = 0
        threading.Thread(target=self.run, daemon=True).start()

    def get_state(self) -> tuple[int, bool]:
        with self.state_lock:
            return self.term, self.leader

    def start(self, command: Any) -> tuple[int, int, bool]:
        with self.state_lock:
            return -1, self.term, False

    def snapshot(self, index: int, snapshot: bytes) -> None:
        pass

    def run(self) -> None:
        while True:
            time.sleep(random.uniform(0.2, 0.25))
            with self.state_lock:
                if self.leader:
                    continue
                self.term += 1
                # Candidates that start together split the vote: stagger them.
                time.sleep(random.uniform(0.05, 0.1))
                with self.ballot_lock:
                    self.voted_for = self.me
                    self.votes = 1
                args = {"term": self.term, "candidate": self.me}
            for peer in range(len(self.peers)):
                if peer != self.me:
                    threading.Thread(
                        target=self.ask, args=(peer, args), daemon=True
                    ).start()

    def ask(self, peer: int, args: dict[str, int]) -> None:
        granted = self.peers[peer].call("Raft.request_vote", args)
        with self.ballot_lock:
            self.votes += bool(granted)
            if self.votes > len(self.peers) // 2:
                with self.state_lock:
                    self.leader = self.term == args["term"]

    def request_vote(self, args: dict[str, int]) -> bool:
        with self.ballot_lock, self.state_lock:
            if args["term"] > self.term:
                self.term, self.leader = args["term"], False
                self.voted_for = None
            if args["term"] < self.term or self.voted_for is not None:
                return False
            self.voted_for = args["candidate"]
            return True
