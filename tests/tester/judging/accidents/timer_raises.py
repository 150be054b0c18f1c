"""A Timer's function raises."""

import threading


class Raft:
    def __init__(self, peers, me, persister, apply_ch):
        self.peers, self.me = peers, me
        threading.Timer(0.2, self.tick, [1]).start()

    def get_state(self):
        return 1, self.me == 0

    def start(self, command):
        return -1, 1, False

    def snapshot(self, index, snapshot):
        pass

    def tick(self):
        pass
