"""A module without a class named Raft: the student called it RaftServer."""

import random
import threading
import time
from collections.abc import Sequence
from typing import Any

from labrpc import ClientEnd, Persister


class RaftServer:
    def __init__(
        self, peers: Sequence[ClientEnd], me: int, persister: Persister, apply_ch: Any
    ) -> None:
        self.peers = peers
        self.me = me
        self.lock = threading.Lock()
        self.term = 0
        self.voted_for: int | None = None
        self.leader = False
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
                term = self.term
            for i, peer in enumerate(self.peers):
                if i != self.me:
                    args = ("Raft.request_vote", (term, self.me))
                    threading.Thread(target=peer.call, args=args, daemon=True).start()

    def request_vote(self, args: tuple[int, int]) -> bool:
        term, candidate = args
        with self.lock:
            if term > self.term:
                self.term, self.voted_for, self.leader = term, None, False
            if term == self.term and self.voted_for in (None, candidate):
                self.voted_for = candidate
                return True
            return False
