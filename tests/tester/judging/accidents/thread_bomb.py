"""A hundred thousand threads, which all wait."""

import threading


class Raft:
    def __init__(self, peers, me, persister, apply_ch):
        self.peers, self.me = peers, me
        done = threading.Event()
        for _ in range(100_000):
            threading.Thread(target=done.wait).start()

    def get_state(self):
        return 1, self.me == 0

    def start(self, command):
        return -1, 1, False

    def snapshot(self, index, snapshot):
        pass
