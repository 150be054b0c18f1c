"""A Raft whose constructor lacks the parameter `apply_ch`."""

import random
import threading
import time
from collections.abc import Sequence
from typing import Any

from labrpc import ClientEnd, Persister


class Raft:
    def __init__(
        self, peers: Sequence[ClientEnd], me: int, persister: Persister
    ) -> None:
        self.peers = peers
        self.me = me
        self.persister = persister
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
                args = {"term": self.term, "candidate": self.me}
            for peer in range(len(self.peers)):
                if peer != self.me:
                    threading.Thread(
                        target=self.ask, args=(peer, args), daemon=True
                    ).start()

    def ask(self, peer: int, args: dict[str, int]) -> None:
        self.peers[peer].call("Raft.request_vote", args)

    def request_vote(self, args: dict[str, int]) -> bool:
        with self.lock:
            if args["term"] <= self.term:
                return False
            self.term, self.voted_for = args["term"], args["candidate"]
            self.leader = False
            return True
