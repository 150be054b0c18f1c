"""Raft as an actor: one thread owns the state, everybody else sends it events."""

import pickle
import queue
import random
import threading
import time
from dataclasses import dataclass
from typing import Any

from labrpc import ApplyMsg

HEARTBEAT = 0.1
RESEND = 0.1


def election_timeout() -> float:
    return random.uniform(0.35, 0.8)


@dataclass
class Entry:
    term: int
    command: Any


@dataclass
class Vote:
    term: int
    candidate: int
    last_index: int
    last_term: int


@dataclass
class Append:
    term: int
    leader: int
    prev_index: int
    prev_term: int
    entries: list
    commit: int


@dataclass
class Install:
    term: int
    leader: int
    index: int
    index_term: int
    data: bytes


@dataclass
class Answer:
    term: int
    ok: bool
    hint: int = 0  # the next index that the follower would like


class Raft:
    """The mailbox: no state but queues."""

    def __init__(self, peers, me, persister, apply_ch):
        self._inbox = queue.Queue()
        self._core = Core(peers, me, persister, apply_ch, self._inbox)
        threading.Thread(target=self._core.run, daemon=True).start()

    def _ask(self, kind, *args):
        box = queue.Queue(1)
        self._inbox.put((kind, args, box))
        return box.get()

    def get_state(self):
        return self._ask("get_state")

    def start(self, command):
        return self._ask("start", command)

    def snapshot(self, index, snapshot):
        self._ask("snapshot", index, snapshot)

    def request_vote(self, args):
        return self._ask("request_vote", args)

    def append_entries(self, args):
        return self._ask("append_entries", args)

    def install_snapshot(self, args):
        return self._ask("install_snapshot", args)

    def kill(self):
        self._inbox.put(("kill", (), None))


class Core:
    """The actor. Only `run`'s thread touches these fields."""

    def __init__(self, peers, me, persister, apply_ch, inbox):
        self.peers, self.me, self.persister, self.inbox = peers, me, persister, inbox
        self.others = [i for i in range(len(peers)) if i != me]
        self.deliveries = queue.Queue()
        self.role = "follower"
        self.term, self.voted_for = 0, None
        self.base, self.base_term = 0, 0
        self.log = []  # entries base+1, base+2, …
        self.image = None
        saved = persister.read_raft_state()
        if saved:
            self.term, self.voted_for, self.base, self.base_term, self.log = (
                pickle.loads(saved)
            )
            self.image = persister.read_snapshot() or None
        self.commit = self.queued = self.base
        self.votes = set()
        self.next, self.match, self.busy = {}, {}, {}
        self.serial = 0
        self.dirty = False
        self.election_at = time.monotonic() + election_timeout()
        self.heartbeat_at = None
        threading.Thread(target=self.deliver, args=(apply_ch,), daemon=True).start()

    # the loop

    def run(self):
        while True:
            try:
                kind, args, box = self.inbox.get_nowait()
            except queue.Empty:
                self.flush()
                wait = self.next_alarm() - time.monotonic()
                try:
                    kind, args, box = self.inbox.get(timeout=max(wait, 0.001))
                except queue.Empty:
                    kind, args, box = "alarm", (), None
            if kind == "kill":
                self.deliveries.put(None)
                return self.drain()
            result = getattr(self, "on_" + kind)(*args)
            if box is not None:
                box.put(result)
            if time.monotonic() >= self.next_alarm():
                self.on_alarm()

    def drain(self):
        """Answer anyone who still asks after `kill`."""
        while True:
            kind, _, box = self.inbox.get()
            if box is not None:
                dead = {
                    "get_state": (self.term, False),
                    "start": (-1, self.term, False),
                }
                box.put(dead.get(kind))

    def next_alarm(self):
        return self.heartbeat_at if self.role == "leader" else self.election_at

    def on_alarm(self):
        now = time.monotonic()
        if now < self.next_alarm():
            return
        if self.role == "leader":
            self.heartbeat_at = now + HEARTBEAT
            for peer in self.others:
                self.send_append(peer)
        else:
            self.campaign()

    def deliver(self, apply_ch):
        while (message := self.deliveries.get()) is not None:
            apply_ch.put(message)

    # log and disk

    @property
    def last(self):
        return self.base + len(self.log)

    def term_at(self, index):
        return (
            self.base_term
            if index == self.base
            else self.log[index - self.base - 1].term
        )

    def save(self):
        state = (self.term, self.voted_for, self.base, self.base_term, self.log)
        self.persister.save(pickle.dumps(state), self.image)

    def meet_term(self, term):
        if term > self.term:
            self.term, self.voted_for = term, None
            self.become_follower()
            self.save()

    def become_follower(self):
        if self.role == "leader":
            self.election_at = time.monotonic() + election_timeout()
        self.role = "follower"

    def hand_over(self):
        while self.queued < self.commit:
            self.queued += 1
            command = self.log[self.queued - self.base - 1].command
            self.deliveries.put(
                ApplyMsg(command_valid=True, command=command, command_index=self.queued)
            )

    # the service

    def on_get_state(self):
        return self.term, self.role == "leader"

    def on_start(self, command):
        if self.role != "leader":
            return -1, self.term, False
        self.log.append(Entry(self.term, command))
        self.save()
        self.dirty = True
        self.advance()
        return self.last, self.term, True

    def on_snapshot(self, index, image):
        if index <= self.base:
            return
        self.base_term = self.term_at(index)
        del self.log[: index - self.base]
        self.base, self.image = index, image
        self.save()

    # elections

    def campaign(self):
        self.role = "candidate"
        self.term += 1
        self.voted_for = self.me
        self.votes = {self.me}
        self.save()
        self.election_at = time.monotonic() + election_timeout()
        ballot = Vote(self.term, self.me, self.last, self.term_at(self.last))
        for peer in self.others:
            self.ask(peer, "request_vote", ballot, self.term)
        self.count()

    def ask(self, peer, method, args, *context):
        def run():
            reply = self.peers[peer].call("Raft." + method, args)
            self.inbox.put((method + "_reply", (peer, reply, *context), None))

        threading.Thread(target=run, daemon=True).start()

    def on_request_vote(self, a):
        self.meet_term(a.term)
        mine = (self.term_at(self.last), self.last)
        fresh = (a.last_term, a.last_index) >= mine
        grant = a.term == self.term and self.voted_for in (None, a.candidate) and fresh
        if grant:
            self.election_at = time.monotonic() + election_timeout()
            if self.voted_for is None:
                self.voted_for = a.candidate
                self.save()
        return Answer(self.term, grant)

    def on_request_vote_reply(self, peer, reply, term):
        if reply is None:
            return
        self.meet_term(reply.term)
        if self.role == "candidate" and self.term == term and reply.ok:
            self.votes.add(peer)
            self.count()

    def count(self):
        if 2 * len(self.votes) > len(self.peers):
            self.role = "leader"
            self.next = dict.fromkeys(self.others, self.last + 1)
            self.match = dict.fromkeys(self.others, 0)
            self.busy = dict.fromkeys(self.others)
            self.heartbeat_at = time.monotonic()

    # replication, as leader

    def flush(self):
        if self.dirty:
            self.dirty = False
            if self.role == "leader":
                for peer in self.others:
                    if not self.is_busy(peer):
                        self.send_append(peer)

    def is_busy(self, peer):
        sent = self.busy[peer]
        return sent is not None and time.monotonic() < sent[1] + RESEND

    def send_append(self, peer):
        self.serial += 1
        self.busy[peer] = (self.serial, time.monotonic())
        start = self.next[peer]
        if start <= self.base:
            args = Install(self.term, self.me, self.base, self.base_term, self.image)
            self.ask(peer, "install_snapshot", args, self.term, self.base, self.serial)
            return
        prev = start - 1
        entries = self.log[prev - self.base :]
        args = Append(
            self.term, self.me, prev, self.term_at(prev), entries, self.commit
        )
        self.ask(
            peer,
            "append_entries",
            args,
            self.term,
            prev,
            prev + len(entries),
            self.serial,
        )

    def on_append_entries_reply(self, peer, reply, term, prev, upto, serial):
        if reply is not None:
            self.meet_term(reply.term)
        if self.role != "leader" or self.term != term:
            return
        mine = self.busy[peer] is not None and self.busy[peer][0] == serial
        if mine:
            self.busy[peer] = None
        if reply is None or reply.term != term:
            return
        if reply.ok:
            self.match[peer] = max(self.match[peer], upto)
            self.next[peer] = max(self.next[peer], self.match[peer] + 1)
            self.advance()
        elif prev is not None and prev + 1 == self.next[peer]:
            self.next[peer] = max(
                self.match[peer] + 1, min(reply.hint, self.next[peer] - 1)
            )
        if (mine or not reply.ok) and self.next[peer] <= self.last:
            self.send_append(peer)

    def on_install_snapshot_reply(self, peer, reply, term, upto, serial):
        self.on_append_entries_reply(peer, reply, term, None, upto, serial)

    def advance(self):
        marks = sorted([self.last, *self.match.values()], reverse=True)
        index = marks[len(self.peers) // 2]
        if index > self.commit and self.term_at(index) == self.term:
            self.commit = index
            self.hand_over()

    # replication, as follower

    def heard_from_leader(self):
        self.become_follower()
        self.election_at = time.monotonic() + election_timeout()

    def on_append_entries(self, a):
        self.meet_term(a.term)
        if a.term < self.term:
            return Answer(self.term, False)
        self.heard_from_leader()
        prev, prev_term, entries = a.prev_index, a.prev_term, a.entries
        if prev < self.base:  # what the snapshot covers is committed, and equal
            entries = entries[self.base - prev :]
            prev, prev_term = self.base, self.base_term
        if prev > self.last:
            return Answer(self.term, False, self.last + 1)
        if self.term_at(prev) != prev_term:
            bad, index = self.term_at(prev), prev
            while index - 1 > self.commit and self.term_at(index - 1) == bad:
                index -= 1
            return Answer(self.term, False, index)
        for offset, entry in enumerate(entries):
            index = prev + 1 + offset
            if index > self.last or self.term_at(index) != entry.term:
                del self.log[index - self.base - 1 :]
                self.log.extend(entries[offset:])
                self.save()
                break
        known = min(a.commit, a.prev_index + len(a.entries))
        if known > self.commit:
            self.commit = known
            self.hand_over()
        return Answer(self.term, True)

    def on_install_snapshot(self, a):
        self.meet_term(a.term)
        if a.term < self.term:
            return Answer(self.term, False)
        self.heard_from_leader()
        if a.index <= self.commit:
            return Answer(self.term, True)
        if a.index < self.last and self.term_at(a.index) == a.index_term:
            del self.log[: a.index - self.base]
        else:
            self.log = []
        self.base, self.base_term, self.image = a.index, a.index_term, a.data
        self.commit = self.queued = a.index
        self.save()
        self.deliveries.put(
            ApplyMsg(
                snapshot_valid=True,
                snapshot=a.data,
                snapshot_index=a.index,
                snapshot_term=a.index_term,
            )
        )
        return Answer(self.term, True)
