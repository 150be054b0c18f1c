"""A Raft whose ticker spins: `run` waits for a flag without ever giving way.

A timer sets `timed_out`, but the loop that watches for it neither sleeps nor reads the
clock. On one processor, without preemption, nobody else ever gets to run.
"""

import random
import threading
from collections.abc import Sequence
from typing import Any

from labrpc import ClientEnd, Persister


class Raft:
    def __init__(
        self, peers: Sequence[ClientEnd], me: int, persister: Persister, apply_ch: Any
    ) -> None:
        self.peers = peers
        self.me = me
        self.lock = threading.Lock()
        self.term = 0
        self.voted_for: int | None = None
        self.leader = False
        self.timed_out = False
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
            self.timed_out = False
            threading.Timer(random.uniform(0.3, 0.6), self.time_out).start()
            while not self.timed_out:
                pass
            with self.lock:
                self.term += 1
                self.voted_for = self.me
                args = {"term": self.term, "candidate": self.me}
            for peer in range(len(self.peers)):
                if peer != self.me:
                    self.peers[peer].call("Raft.request_vote", args)

    def time_out(self) -> None:
        self.timed_out = True

    def request_vote(self, args: dict[str, int]) -> bool:
        with self.lock:
            if args["term"] <= self.term:
                return False
            self.term, self.voted_for = args["term"], args["candidate"]
            self.leader = False
            return True
