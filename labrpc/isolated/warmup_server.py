"""A server that does a little of everything: see `warmup`.

Written as a submission is: the class that the lab constructs, and nothing else.
"""

import pickle
import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from labrpc import ApplyMsg, ClientEnd, Persister

PAUSE_S = 0.01


@dataclass
class Entry:
    """Something to send in a list."""

    term: int
    command: Any


@dataclass
class Args:
    """What a server sends the others."""

    term: int
    me: int
    entries: list[Entry] = field(default_factory=list)


@dataclass
class Answer:
    """What they answer."""

    term: int
    success: bool


class Raft:
    """Sends to its peers all the time, persists, and applies what it is given."""

    def __init__(
        self,
        peers: list[ClientEnd],
        me: int,
        persister: Persister,
        apply_ch: Any,
    ) -> None:
        self.peers = peers
        self.me = me
        self.persister = persister
        self.apply_ch = apply_ch
        self.lock = threading.Lock()
        self.news = threading.Condition(self.lock)
        self.term = 0
        self.log: list[Entry] = []
        self.applied = 0
        self.dead = False
        for body in (self.tick, self.apply):
            threading.Thread(target=body, daemon=True).start()

    def get_state(self) -> tuple[int, bool]:
        """Return what the lab polls for."""
        with self.lock:
            return self.term, self.me == 0

    def start(self, command: Any) -> tuple[int, int, bool]:
        """Take a command."""
        with self.lock:
            self.log.append(Entry(self.term, command))
            self.persister.save(pickle.dumps((self.term, self.log)), b"")
            self.news.notify_all()
            return len(self.log), self.term, True

    def append_entries(self, args: Args) -> Answer:
        """Answer a peer."""
        with self.lock:
            self.term = max(self.term, args.term)
            return Answer(self.term, bool(args.entries))

    def tick(self) -> None:
        """Ask every peer, each in a thread of its own, again and again."""
        while not self.dead:
            time.sleep(PAUSE_S * (1 + random.random()))
            with self.lock:
                self.term += 1
                args = Args(self.term, self.me, self.log[-3:])
            for peer in range(len(self.peers)):
                if peer != self.me:
                    threading.Thread(target=self.ask, args=(peer, args)).start()

    def ask(self, peer: int, args: Args) -> None:
        """Ask one peer."""
        reply = self.peers[peer].call("Raft.append_entries", args)
        if reply is not None and time.monotonic() > 0:
            with self.news:
                self.term = max(self.term, reply.term)

    def apply(self) -> None:
        """Hand on what was taken, in order."""
        while not self.dead:
            with self.news:
                if self.applied == len(self.log):
                    self.news.wait(PAUSE_S)
                    continue
                command = self.log[self.applied].command
                self.applied += 1
            self.apply_ch.put(
                ApplyMsg(
                    command_valid=True, command=command, command_index=self.applied
                )
            )

    def kill(self) -> None:
        """End the threads."""
        self.dead = True
