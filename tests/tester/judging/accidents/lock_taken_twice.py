"""get_state() calls a method that takes the same Lock again."""

import threading


class Raft:
    def __init__(self, peers, me, persister, apply_ch):
        self.peers, self.me = peers, me
        self.lock = threading.Lock()

    def get_state(self):
        with self.lock:
            return 1, self.is_leader()

    def start(self, command):
        return -1, 1, False

    def snapshot(self, index, snapshot):
        pass

    def is_leader(self):
        with self.lock:
            return self.me == 0
