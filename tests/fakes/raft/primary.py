"""A primary that pushes its log to backups: no consensus, but near enough to earn points.

Each fake in the folder above sets one switch to what breaks a property.
"""

import pickle
import threading
import time

from labrpc import ApplyMsg


class Primary:
    """One server: a primary, or a backup that takes over when its turn comes.

    Attributes:
        fixed: whether server 0 leads for ever, without asking anybody.
        promises: whether a server refuses an older primary after it answered a newer.
        saves: whether its state is saved, and not a single byte.
        commits: who must have an entry: "itself", "reachable", "majority" or "all".
        answers: how many others must answer a take-over, None for a majority.
    """

    fixed = False
    promises = True
    saves = True
    commits = "majority"
    answers: int | None = None

    def __init__(self, peers, me, persister, apply_ch):
        self.peers, self.me, self.apply_ch = peers, me, apply_ch
        self.persister = persister
        self.others = [s for s in range(len(peers)) if s != me]
        self.lock = threading.RLock()
        self.news = threading.Condition(self.lock)
        # The log holds (term, command) above `base`, an entry of `base_term`.
        self.term, self.base, self.base_term, self.log = 0, 0, 0, []
        state = persister.read_raft_state() if self.saves else b""
        if state:
            self.term, self.base, self.base_term, self.log = pickle.loads(state)
        self.leads, self.pushes_soon = False, False
        self.heard = time.time()
        self.acked, self.answered = {}, {}
        if self.fixed:
            self.term, self.leads = max(self.term, 1), me == 0
            self.acked = dict.fromkeys(self.others, self.base)
        self.commit = self.applied = self.base
        self.save()
        threading.Thread(target=self.tick, daemon=True).start()
        threading.Thread(target=self.apply, daemon=True).start()

    # The contract.

    def get_state(self):
        with self.lock:
            return self.term, self.leads

    def start(self, command):
        with self.lock:
            if not self.leads:
                return -1, self.term, False
            self.log.append((self.term, command))
            self.save()
            if self.commits == "itself":
                self.commit_upto(self.end())
            if not self.pushes_soon:
                self.pushes_soon = True
                threading.Thread(target=self.push_soon).start()
            return self.end(), self.term, True

    def snapshot(self, index, snapshot):
        with self.lock:
            if self.base < index <= self.end():
                self.base_term = self.log[index - self.base - 1][0]
                self.log = self.log[index - self.base :]
                self.base = index
                self.save(snapshot)

    # What it keeps.

    def save(self, snapshot=None):
        snapshot = self.persister.read_snapshot() if snapshot is None else snapshot
        state = pickle.dumps((self.term, self.base, self.base_term, self.log))
        self.persister.save(state if self.saves else b"x", snapshot)

    def end(self):
        return self.base + len(self.log)

    def commit_upto(self, index):
        self.commit = index
        self.news.notify_all()

    def apply(self):
        while True:
            with self.lock:
                self.news.wait_for(lambda: self.applied < self.commit)
                if self.applied < self.base:
                    upto = self.base
                    message = ApplyMsg(
                        snapshot_valid=True,
                        snapshot=self.persister.read_snapshot(),
                        snapshot_index=upto,
                        snapshot_term=self.base_term,
                    )
                else:
                    upto = self.applied + 1
                    command = self.log[upto - self.base - 1][1]
                    message = ApplyMsg(True, command, upto)
            self.apply_ch.put(message)
            with self.lock:
                self.applied = max(self.applied, upto)

    # Taking over: the term says whose turn it is.

    def tick(self):
        while True:
            time.sleep(0.1)
            with self.lock:
                leads, silence = self.leads, time.time() - self.heard
            if leads:
                self.push_all()
            elif not self.fixed and silence > 0.35 + 0.2 * self.me:
                self.take_over()

    def take_over(self):
        servers = len(self.peers)
        with self.lock:
            self.heard = time.time() - 0.1
            term = self.term = (self.term // servers + 1) * servers + self.me
            self.save()
            answers = [self.whole_state()]

        def ask(server):
            reply = self.peers[server].call("Raft.tell", (term, self.me))
            with self.lock:
                if reply is None or self.leads or self.term != term:
                    return
                if reply[0] > term:
                    self.term = reply[0]
                    self.save()
                    return
                answers.append(reply)
                needed = servers // 2 if self.answers is None else self.answers
                if len(answers) > needed:
                    self.lead(answers)

        for server in self.others:
            threading.Thread(target=ask, args=(server,)).start()

    def whole_state(self):
        snapshot = self.persister.read_snapshot()
        return self.term, self.base, self.base_term, self.log, snapshot

    def lead(self, answers):
        def how_late(answer):
            _, base, base_term, log, _ = answer
            return log[-1][0] if log else base_term, base + len(log)

        latest = max(answers, key=how_late)
        if how_late(latest) > how_late(answers[0]):
            _, base, base_term, log, snapshot = latest
            if base > self.commit:
                self.install(base, base_term, log, snapshot)
            elif base <= self.base:
                self.log = log[self.base - base :]
            else:
                self.log = self.log[: base - self.base] + log
        self.leads, self.acked, self.answered = True, {}, {}
        self.save()
        threading.Thread(target=self.push_all).start()

    def install(self, base, base_term, log, snapshot):
        self.base, self.base_term, self.log = base, base_term, list(log)
        self.save(snapshot)
        self.commit_upto(base)

    def tell(self, args):
        term, _ = args
        with self.lock:
            if self.promises and term <= self.term:
                return self.term, self.base, 0, [], b""
            if term > self.term:
                self.term, self.leads, self.heard = term, False, time.time()
            self.save()
            return (self.term if self.promises else 0, *self.whole_state()[1:])

    # Pushing the log.

    def push_soon(self):
        time.sleep(0.005)
        with self.lock:
            self.pushes_soon = False
        self.push_all()

    def push_all(self):
        for server in self.others:
            threading.Thread(target=self.push, args=(server,)).start()

    def push(self, server):
        with self.lock:
            if not self.leads:
                return
            term, at = self.term, self.acked.get(server)
            if at is None:
                args = term, None, [], 0, 0, None  # Asks where the backup stands.
            elif at < self.base:
                snapshot = self.persister.read_snapshot()
                args = term, self.base, self.log, self.commit, self.base_term, snapshot
            else:
                args = term, at, self.log[at - self.base :], self.commit, 0, None
        reply = self.peers[server].call("Raft.take", args)
        with self.lock:
            if reply is None or not self.leads or self.term != term:
                return
            if reply[0] > term:
                self.term, self.leads, self.heard = reply[0], False, time.time()
                self.save()
                return
            self.answered[server] = time.time()
            self.acked[server] = max(self.acked.get(server, 0), reply[1])
            if at is None:
                threading.Thread(target=self.push, args=(server,)).start()
                return
            upto = self.stored()
            if upto > self.commit:
                self.commit_upto(upto)
                threading.Thread(target=self.push_all).start()

    def stored(self):
        """Return up to which index enough servers store what this one does."""
        if self.commits == "reachable":
            since = time.time() - 0.25
            lately = [s for s, at in self.answered.items() if at > since]
            return min([self.end(), *[self.acked[s] for s in lately]])
        stored = sorted([self.end(), *[self.acked.get(s, 0) for s in self.others]])
        return {"all": stored[0], "itself": self.end()}.get(
            self.commits, stored[(len(stored) - 1) // 2]
        )

    def take(self, args):
        term, at, entries, commit, base_term, snapshot = args
        with self.lock:
            if term < self.term and (self.promises or self.leads):
                return self.term, 0
            changed = term != self.term
            self.term, self.leads, self.heard = max(term, self.term), False, time.time()
            if at is None:
                if changed:
                    self.save()
                return term, self.commit
            if snapshot is not None:
                if at > self.commit:
                    self.term = term
                    self.install(at, base_term, entries, snapshot)
                return term, self.commit
            if not self.base <= at <= self.end():
                return term, self.commit
            upto = at + len(entries)
            if entries and self.log[at - self.base : upto - self.base] != entries:
                self.log = self.log[: at - self.base] + list(entries)
                changed = True
            if changed:
                self.save()
            if min(commit, upto) > self.commit:
                self.commit_upto(min(commit, upto))
            return term, upto
