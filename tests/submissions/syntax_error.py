"""A single file that does not compile: a colon is missing in `request_vote`."""

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
        self.lock = threading.Lock()
        self.term = 0
        self.voted_for: int | None = None
        self.leader = False
        self.last_heard = time.monotonic()
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
            timeout = random.uniform(0.3, 0.6)
            time.sleep(timeout)
            with self.lock:
                if self.leader or time.monotonic() - self.last_heard < timeout:
                    continue
                self.term += 1
                self.voted_for = self.me
                args = {"term": self.term, "candidate": self.me}
            for peer in range(len(self.peers)):
                if peer != self.me:
                    threading.Thread(target=self.ask, args=(peer, args)).start()

    def ask(self, peer: int, args: dict[str, int]) -> None:
        self.peers[peer].call("Raft.request_vote", args)

    def request_vote(self, args: dict[str, int]) -> bool:
        with self.lock:
            if args["term"] > self.term:
                self.term = args["term"]
                self.voted_for = None
                self.leader = False
            if args["term"] == self.term and self.voted_for is None
                self.voted_for = args["candidate"]
                self.last_heard = time.monotonic()
                return True
            return False
