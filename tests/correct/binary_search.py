"""Raft with few, big messages: heartbeats apart from replication, batches, and a binary search."""

import itertools
import marshal
import pickle
import random
import threading
import time

from labrpc import ApplyMsg

BEAT_S = 0.1
BATCH_S = 0.015
BYTES_MAX = 24_000
ENTRIES_MIN = 16
AGAIN_S = 0.3


class Peer:
    """What a leader knows of a follower: the logs part between `low` and `high`."""

    def __init__(self, last):
        self.low = 0  # agrees up to here
        self.high = last  # might agree up to here
        self.under_way = 0  # the number of the request that waits for an answer
        self.sent_at = 0.0
        self.asked = False


class Raft:
    def __init__(self, peers, me, persister, apply_ch):
        self._peers = list(peers)
        self._me = me
        self._disk = persister
        self._channel = apply_ch
        self._lock = threading.RLock()
        self._work = threading.Condition(self._lock)
        self._news = threading.Condition(self._lock)
        self._dead = threading.Event()
        self._numbers = itertools.count(1)
        self._terms, self._commands, self._start = [0], [None], 0
        self._image = None
        self._term, self._vote, self._leader = 0, -1, False
        self._load()
        self._committed = self._handed = self._start
        self._arrived = None
        self._book = {}
        self._todo = False  # commands have come since the last batch
        self._ballots = set()
        self._heard = time.time()
        for target in (self._watch, self._beat, self._replicate, self._apply):
            threading.Thread(target=target, daemon=True).start()

    def get_state(self):
        with self._lock:
            return self._term, self._leader

    def start(self, command):
        with self._lock:
            if not self._leader:
                return -1, self._term, False
            self._terms.append(self._term)
            self._commands.append(command)
            self._save()
            self._todo = True
            self._work.notify()
            return self._last, self._term, True

    def snapshot(self, index, snapshot):
        with self._lock:
            if index > self._start:
                self._forget(index)
                self._image = bytes(snapshot)
                self._save()

    def kill(self):
        self._dead.set()
        with self._lock:
            self._leader = False
            self._work.notify_all()
            self._news.notify_all()

    # Log

    @property
    def _last(self):
        return self._start + len(self._terms) - 1

    def _term_of(self, index):
        return self._terms[index - self._start]

    def _forget(self, index):
        cut = index - self._start
        self._terms = self._terms[cut:]
        self._commands = [None, *self._commands[cut + 1 :]]
        self._start = index

    def _save(self):
        head = marshal.dumps((self._term, self._vote, self._start, self._terms))
        body = pickle.dumps(self._commands)
        self._disk.save(len(head).to_bytes(4, "big") + head + body, self._image)

    def _load(self):
        data = self._disk.read_raft_state()
        if not data:
            return
        size = int.from_bytes(data[:4], "big")
        self._term, self._vote, self._start, self._terms = marshal.loads(
            data[4 : 4 + size]
        )
        self._commands = pickle.loads(data[4 + size :])
        self._image = self._disk.read_snapshot() or None

    def _adopt(self, term):
        if term > self._term:
            self._term, self._vote = term, -1
            self._retire()
            self._save()

    def _retire(self):
        if self._leader:
            self._heard = time.time()
        self._leader = False
        self._ballots = set()

    # Background threads

    def _watch(self):
        patience = random.uniform(0.4, 0.8)
        while not self._dead.wait(0.02):
            with self._lock:
                if self._leader or time.time() - self._heard < patience:
                    continue
                patience = random.uniform(0.4, 0.8)
                self._stand()

    def _beat(self):
        while not self._dead.wait(BEAT_S):
            with self._lock:
                if self._leader:
                    self._greet()

    def _greet(self):
        for number, peer in self._book.items():
            known = min(self._committed, peer.low)
            self._call(
                number,
                "heartbeat",
                (self._term, self._me, known, peer.low),
                self._on_beat,
            )

    def _replicate(self):
        while not self._dead.is_set():
            with self._lock:
                if not self._todo:
                    self._work.wait(AGAIN_S)
            time.sleep(BATCH_S)
            with self._lock:
                self._todo = False
                for number in self._book if self._leader else ():
                    self._continue(number)

    def _apply(self):
        while True:
            with self._lock:
                while self._arrived is None and self._handed >= self._committed:
                    if self._dead.is_set():
                        return
                    self._news.wait()
                if self._arrived is not None:
                    index, term, image = self._arrived
                    self._arrived = None
                    message = ApplyMsg(
                        snapshot_valid=True,
                        snapshot=image,
                        snapshot_index=index,
                        snapshot_term=term,
                    )
                else:
                    index = self._handed + 1
                    command = self._commands[index - self._start]
                    message = ApplyMsg(
                        command_valid=True, command=command, command_index=index
                    )
                self._handed = index
            self._channel.put(message)

    def _call(self, peer, method, args, then):
        def work():
            reply = self._peers[peer].call(f"Raft.{method}", args)
            if reply is not None:
                with self._lock:
                    self._adopt(reply[0])
                    if reply[0] == args[0] == self._term:
                        then(peer, reply)

        threading.Thread(target=work, daemon=True).start()

    # Elections

    def _stand(self):
        self._term += 1
        self._vote = self._me
        self._ballots = {self._me}
        self._heard = time.time()
        self._save()
        args = (self._term, self._me, self._last, self._terms[-1])
        for peer in range(len(self._peers)):
            if peer != self._me:
                self._call(peer, "elect", args, self._on_ballot)

    def _on_ballot(self, peer, reply):
        if not reply[1] or not self._ballots or self._leader:
            return
        self._ballots.add(peer)
        if len(self._ballots) > len(self._peers) // 2:
            self._leader = True
            others = (p for p in range(len(self._peers)) if p != self._me)
            self._book = {p: Peer(self._last) for p in others}
            self._greet()
            self._work.notify()

    def elect(self, args):
        term, candidate, last, last_term = args
        with self._lock:
            self._adopt(term)
            yes = term == self._term and self._vote in (-1, candidate)
            yes = yes and (last_term, last) >= (self._terms[-1], self._last)
            if yes:
                self._vote = candidate
                self._heard = time.time()
                self._save()
            return self._term, yes

    # Heartbeats

    def heartbeat(self, args):
        term, _, committed, _ = args
        with self._lock:
            self._adopt(term)
            if term == self._term:
                self._retire()
                self._heard = time.time()
                self._commit(committed)
            return self._term, True

    def _on_beat(self, peer, reply):
        self._continue(peer)

    def _commit(self, index):
        if index > self._committed:
            self._committed = index
            self._news.notify()

    # Replication

    def _continue(self, number):
        """Send what is next to a follower, unless it has all, or has not answered yet."""
        peer = self._book[number]
        if not self._leader or peer.low >= self._last:
            return
        now = time.time()
        if peer.under_way and now - peer.sent_at < AGAIN_S:
            return
        peer.sent_at = now
        request = peer.under_way = next(self._numbers)
        if peer.high < self._start:
            low, term = self._start, self._terms[0]
            args = (self._term, self._me, low, term, self._image)
            self._call(
                number,
                "take",
                args,
                lambda p, r: self._on_answer(p, r, request, low, low),
            )
            return
        floor = max(peer.low, self._start)
        if peer.low == peer.high:
            previous, entries = peer.low, self._portion(peer.low)
        else:  # high first, for usually they agree there; then by halves
            previous = (floor + peer.high + 1) // 2 if peer.asked else peer.high
            peer.asked = True
            entries = []
        upto = previous + len(entries)
        args = (
            self._term,
            self._me,
            previous,
            self._term_of(previous),
            entries,
            min(self._committed, upto),
        )
        self._call(
            number,
            "extend",
            args,
            lambda p, r: self._on_answer(p, r, request, previous, upto),
        )

    def _portion(self, index):
        portion, size = [], 0
        for i in range(index + 1, self._last + 1):
            command = self._commands[i - self._start]
            size += len(pickle.dumps(command))
            if size > BYTES_MAX and len(portion) >= ENTRIES_MIN:
                break
            portion.append((self._term_of(i), command))
        return portion

    def _on_answer(self, number, reply, request, previous, upto):
        if not self._leader:
            return
        peer = self._book[number]
        if peer.under_way == request:
            peer.under_way = 0
        if reply[1]:
            peer.low = max(peer.low, upto)
            peer.high = max(peer.high, peer.low)
            if upto > previous:
                peer.high = peer.low
            self._count()
        elif previous > peer.low:
            peer.high = max(peer.low, min(peer.high, previous - 1, reply[2]))
        self._continue(number)

    def _count(self):
        stored = sorted([p.low for p in self._book.values()] + [self._last])
        index = stored[(len(stored) - 1) // 2]
        if index > self._committed and self._term_of(index) == self._term:
            self._commit(index)
            self._greet()

    def extend(self, args):
        term, _, previous, previous_term, entries, committed = args
        with self._lock:
            self._adopt(term)
            if term < self._term:
                return self._term, False, 0
            self._retire()
            self._heard = time.time()
            if previous > self._last:
                return self._term, False, self._last
            if previous > self._start and self._term_of(previous) != previous_term:
                return self._term, False, previous - 1
            for index, (entry_term, _) in enumerate(entries, previous + 1):
                if index <= self._start:
                    continue
                if index > self._last or self._term_of(index) != entry_term:
                    rest = entries[index - previous - 1 :]
                    cut = index - self._start
                    self._terms[cut:] = [t for t, _ in rest]
                    self._commands[cut:] = [c for _, c in rest]
                    self._save()
                    break
            self._commit(committed)
            return self._term, True, 0

    def take(self, args):
        term, _, index, index_term, image = args
        with self._lock:
            self._adopt(term)
            if term < self._term:
                return self._term, False, 0
            self._retire()
            self._heard = time.time()
            if index > self._committed:
                if index <= self._last and self._term_of(index) == index_term:
                    self._forget(index)
                else:
                    self._terms, self._commands, self._start = (
                        [index_term],
                        [None],
                        index,
                    )
                self._image = image
                self._save()
                self._arrived = (index, index_term, image)
                self._commit(index)
            return self._term, True, 0
