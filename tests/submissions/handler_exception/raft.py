"""A Raft whose vote handler raises: `args.last_log_idx` should be `last_log_index`.

The first request for a vote brings an AttributeError in the server that receives it.
"""

import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from labrpc import ClientEnd, Persister


@dataclass
class RequestVoteArgs:
    term: int
    candidate_id: int
    last_log_index: int
    last_log_term: int


class Raft:
    def __init__(
        self, peers: Sequence[ClientEnd], me: int, persister: Persister, apply_ch: Any
    ) -> None:
        self.peers = peers
        self.me = me
        self.lock = threading.Lock()
        self.term = 0
        self.voted_for: int | None = None
        self.votes = 0
        self.leader = False
        self.log: list[tuple[int, Any]] = [(0, None)]
        threading.Thread(target=self.run, daemon=True).start()

    def get_state(self) -> tuple[int, bool]:
        with self.lock:
            return self.term, self.leader

    def start(self, command: Any) -> tuple[int, int, bool]:
        with self.lock:
            return -1, self.term, False

    def snapshot(self, index: int, snapshot: bytes) -> None:
        pass

    def run(self) -> None:
        while True:
            time.sleep(random.uniform(0.3, 0.6))
            with self.lock:
                self.term += 1
                self.voted_for = self.me
                self.votes = 1
                last = len(self.log) - 1
                args = RequestVoteArgs(self.term, self.me, last, self.log[last][0])
            for i in range(len(self.peers)):
                if i != self.me:
                    threading.Thread(
                        target=self.ask, args=(i, args), daemon=True
                    ).start()

    def ask(self, peer: int, args: RequestVoteArgs) -> None:
        granted = self.peers[peer].call("Raft.request_vote", args)
        with self.lock:
            if granted and self.term == args.term:
                self.votes += 1
                self.leader = self.votes > len(self.peers) // 2

    def request_vote(self, args: RequestVoteArgs) -> bool:
        with self.lock:
            if args.term > self.term:
                self.term, self.voted_for, self.leader = args.term, None, False
            last = len(self.log) - 1
            up_to_date = args.last_log_term > self.log[last][0] or (
                args.last_log_term == self.log[last][0] and args.last_log_idx >= last
            )
            if args.term < self.term or not up_to_date or self.voted_for is not None:
                return False
            self.voted_for = args.candidate_id
            return True
