"""Raft by one-way messages: a single method, replies are messages too; pre-vote, check-quorum, chunks."""

import pickle
import random
import threading
import time
from dataclasses import dataclass, field, replace

from labrpc import ApplyMsg

TICK = 0.01
HEARTBEAT = 0.11
RESEND = 0.15
ELECTION_MIN, ELECTION_MAX = 0.35, 0.75
QUORUM = 0.8  # a leader that has not heard from a majority for so long steps down
CHUNK = 600


@dataclass(frozen=True)
class Message:
    """All kinds: pre_vote, vote, append, chunk; each with _ok or _no as an answer."""

    kind: str
    term: int
    src: int
    index: int = 0
    log_term: int = 0
    entries: tuple = ()
    commit: int = 0
    offset: int = 0
    data: bytes = b""
    done: bool = False


@dataclass
class Follower:
    """What a leader knows of one."""

    next: int
    match: int = 0
    heard: float = field(default_factory=time.monotonic)
    sent: float = float("-inf")
    waiting: bool = False
    transfer: tuple | None = None  # index, term, data of the snapshot under way
    offset: int = 0


class Raft:
    def __init__(self, peers, me, persister, apply_ch):
        self.peers, self.me, self.persister, self.apply_ch = (
            peers,
            me,
            persister,
            apply_ch,
        )
        self.others = [i for i in range(len(peers)) if i != me]
        self.lock = threading.Lock()
        self.killed = False
        self.term, self.vote = 0, None
        self.base, self.base_term, self.log = 0, 0, []
        self.image = None
        if state := persister.read_raft_state():
            self.term, self.vote, self.base, self.base_term, self.log = pickle.loads(
                state
            )
            self.image = persister.read_snapshot() or None
        self.commit = self.applied = self.base
        self.news = threading.Semaphore(0)
        self.new_image = None
        self.role, self.supporters = "follower", set()
        self.followers = {}
        self.partial = None  # key and bytes of a snapshot that arrives
        self.leader_heard = float("-inf")
        self.set_alarm()
        threading.Thread(target=self.ticker, daemon=True).start()
        threading.Thread(target=self.applier, daemon=True).start()

    # service

    def get_state(self):
        with self.lock:
            return self.term, self.role == "leader"

    def start(self, command):
        with self.lock:
            if self.role != "leader":
                return -1, self.term, False
            self.log.append((self.term, command))
            self.persist()
            return self.last, self.term, True

    def snapshot(self, index, snapshot):
        with self.lock:
            if index > self.base:
                self.compact(index, self.term_at(index))
                self.image = snapshot
                self.persist()

    def kill(self):
        self.killed = True
        self.news.release()

    # small things

    @property
    def last(self):
        return self.base + len(self.log)

    def term_at(self, index):
        return (
            self.base_term if index == self.base else self.log[index - self.base - 1][0]
        )

    def compact(self, index, term):
        known = self.base < index <= self.last and self.term_at(index) == term
        self.log = self.log[index - self.base :] if known else []
        self.base, self.base_term = index, term

    def persist(self):
        state = (self.term, self.vote, self.base, self.base_term, self.log)
        self.persister.save(pickle.dumps(state), self.image)

    def set_alarm(self):
        self.alarm = time.monotonic() + random.uniform(ELECTION_MIN, ELECTION_MAX)

    def send(self, dst, kind, **fields):
        message = Message(kind, self.term, self.me, **fields)
        call = self.peers[dst].call
        threading.Thread(
            target=call, args=("Raft.message", message), daemon=True
        ).start()

    def majority(self, count):
        return 2 * count > len(self.peers)

    # time

    def ticker(self):
        while not self.killed:
            time.sleep(TICK)
            with self.lock:
                now = time.monotonic()
                if self.role == "leader":
                    self.lead(now)
                elif now >= self.alarm:
                    self.ask_around("pre-candidate", "pre_vote")

    def ask_around(self, role, kind):
        self.role, self.supporters = role, {self.me}
        self.set_alarm()
        for peer in self.others:
            self.send(peer, kind, index=self.last, log_term=self.term_at(self.last))

    def lead(self, now):
        recent = sum(now - f.heard < QUORUM for f in self.followers.values())
        if not self.majority(recent + 1):
            self.become_follower()
            return
        for peer, f in self.followers.items():
            late = now >= f.sent + RESEND
            has_work = f.next <= self.last and (not f.waiting or late)
            if has_work or now >= f.sent + HEARTBEAT:
                self.replicate(peer, f, now)

    def become_follower(self):
        if self.role == "leader":
            self.set_alarm()
        self.role = "follower"

    # messages

    def message(self, m):
        with self.lock:
            if m.term > self.term:
                self.term, self.vote = m.term, None
                self.become_follower()
                self.persist()
            if m.term < self.term:
                if not m.kind.endswith(("_ok", "_no", "stale")):
                    self.send(m.src, "stale")
                return
            getattr(self, "on_" + m.kind)(m)

    def on_stale(self, m):
        """The term in it was all that it had to say."""

    def up_to_date(self, m):
        return (m.log_term, m.index) >= (self.term_at(self.last), self.last)

    def on_pre_vote(self, m):
        silent = time.monotonic() - self.leader_heard >= ELECTION_MIN
        if self.role != "leader" and silent and self.up_to_date(m):
            self.send(m.src, "pre_vote_ok")

    def on_pre_vote_ok(self, m):
        if self.role == "pre-candidate":
            self.supporters.add(m.src)
            if self.majority(len(self.supporters)):
                self.term += 1
                self.vote = self.me
                self.persist()
                self.ask_around("candidate", "vote")

    def on_vote(self, m):
        if self.vote in (None, m.src) and self.up_to_date(m):
            if self.vote is None:
                self.vote = m.src
                self.persist()
            self.set_alarm()
            self.send(m.src, "vote_ok")

    def on_vote_ok(self, m):
        if self.role == "candidate":
            self.supporters.add(m.src)
            if self.majority(len(self.supporters)):
                self.role = "leader"
                self.followers = {p: Follower(self.last + 1) for p in self.others}
                self.lead(time.monotonic())

    # replication, leader

    def replicate(self, peer, f, now):
        f.sent, f.waiting = now, True
        if f.next <= self.base and f.transfer is None:
            f.transfer, f.offset = (self.base, self.base_term, self.image), 0
        if f.transfer is not None:
            index, term, data = f.transfer
            piece = data[f.offset : f.offset + CHUNK]
            self.send(
                peer,
                "chunk",
                index=index,
                log_term=term,
                offset=f.offset,
                data=piece,
                done=f.offset + len(piece) == len(data),
            )
            return
        previous = f.next - 1
        self.send(
            peer,
            "append",
            index=previous,
            log_term=self.term_at(previous),
            entries=tuple(self.log[previous - self.base :]),
            commit=self.commit,
        )

    def heard(self, m):
        """Return what the leader knows of the sender, or None if this is no leader."""
        if self.role != "leader":
            return None
        f = self.followers[m.src]
        f.heard = time.monotonic()
        return f

    def on_append_ok(self, m):
        if f := self.heard(m):
            f.waiting = False
            if f.transfer is not None and m.index >= f.transfer[0]:
                f.transfer = None
            f.match = max(f.match, m.index)
            f.next = max(f.next, f.match + 1)
            marks = sorted([self.last, *(f.match for f in self.followers.values())])
            index = marks[(len(marks) - 1) // 2]
            if index > self.commit and self.term_at(index) == self.term:
                self.commit = index
                self.news.release()

    def on_append_no(self, m):
        f = self.heard(m)
        if f and m.index == f.next - 1:  # otherwise it is an old one
            f.waiting = False
            f.next = max(f.match + 1, min(m.offset, f.next - 1))
            self.replicate(m.src, f, time.monotonic())

    def on_chunk_ok(self, m):
        f = self.heard(m)
        if (
            f
            and f.transfer is not None
            and f.transfer[0] == m.index
            and m.offset != f.offset
        ):
            onward = m.offset > f.offset
            f.offset = m.offset  # less than before if the follower has restarted
            if onward:
                self.replicate(m.src, f, time.monotonic())

    # replication, follower

    def hear_leader(self):
        self.become_follower()
        self.set_alarm()
        self.leader_heard = time.monotonic()

    def on_append(self, m):
        self.hear_leader()
        previous, upto = m.index, m.index + len(m.entries)
        if previous > self.last:
            self.send(m.src, "append_no", index=previous, offset=self.last + 1)
            return
        if previous > self.base and self.term_at(previous) != m.log_term:
            conflict, first = self.term_at(previous), previous
            while first - 1 > self.commit and self.term_at(first - 1) == conflict:
                first -= 1
            self.send(m.src, "append_no", index=previous, offset=first)
            return
        for index, entry in enumerate(m.entries, previous + 1):
            if index > self.base and (
                index > self.last or self.term_at(index) != entry[0]
            ):
                self.log[index - self.base - 1 :] = m.entries[index - previous - 1 :]
                self.persist()
                break
        if min(m.commit, upto) > self.commit:
            self.commit = min(m.commit, upto)
            self.news.release()
        self.send(m.src, "append_ok", index=upto)

    def on_chunk(self, m):
        self.hear_leader()
        if m.index <= self.commit:
            self.send(m.src, "append_ok", index=m.index)
            return
        key = (m.term, m.index)
        if self.partial is None or self.partial[0] != key:
            self.partial = (key, b"")
        have = self.partial[1]
        if m.offset == len(have):
            have += m.data
            self.partial = (key, have)
            if m.done:
                self.install(m, have)
                return
        self.send(m.src, "chunk_ok", index=m.index, offset=len(have))

    def install(self, m, data):
        self.compact(m.index, m.log_term)
        self.image, self.commit = data, m.index
        self.partial = None
        self.persist()
        self.new_image = (m.index, m.log_term, data)
        self.news.release()
        self.send(m.src, "append_ok", index=m.index)

    # service, again

    def applier(self):
        while True:
            self.news.acquire()
            while message := self.next_message():
                self.apply_ch.put(message)
            if self.killed:
                return

    def next_message(self):
        with self.lock:
            blank = ApplyMsg()
            if self.new_image is not None:
                self.applied, term, data = self.new_image
                self.new_image = None
                return replace(
                    blank,
                    snapshot_valid=True,
                    snapshot=data,
                    snapshot_index=self.applied,
                    snapshot_term=term,
                )
            if self.applied == self.commit:
                return None
            self.applied += 1
            command = self.log[self.applied - self.base - 1][1]
            return replace(
                blank, command_valid=True, command=command, command_index=self.applied
            )
