"""A message whose __reduce__ needs itself, without end."""

import queue
import threading

from labrpc import ApplyMsg


class Entry:
    def __init__(self, index, command):
        self.index, self.command = index, command

    def __reduce__(self):
        return Entry, (self, self.command)


class Raft:
    def __init__(self, peers, me, persister, apply_ch):
        self.peers, self.me, self.persister = peers, me, persister
        self.apply_ch = apply_ch
        self.lock = threading.Lock()
        self.last_index = 0
        self.entries = queue.Queue()
        threading.Thread(target=self.apply, name="applier").start()

    def get_state(self):
        return 1, self.me == 0

    def start(self, command):
        if self.me != 0:
            return -1, 1, False
        with self.lock:
            self.last_index += 1
            for peer in self.peers:
                args = "Raft.take", Entry(self.last_index, command)
                threading.Thread(target=peer.call, args=args).start()
            return self.last_index, 1, True

    def take(self, entry):
        self.entries.put(entry)

    def apply(self):
        known = {}
        applied = 0
        while True:
            index, command = self.entries.get()
            known[index] = command
            while applied + 1 in known:
                applied += 1
                self.put(applied, known.pop(applied))

    def put(self, index, command):
        self.apply_ch.put(ApplyMsg(True, command, index))

    def snapshot(self, index, snapshot):
        with self.lock:
            self.persister.save(b"", snapshot)
