"""A timer for each of ten thousand time-outs; none is ever cancelled."""

import threading


class Raft:
    def __init__(self, peers, me, persister, apply_ch):
        self.peers, self.me = peers, me
        for n in range(10_000):
            threading.Timer(1 + n / 1000, print).start()

    def get_state(self):
        return 1, self.me == 0

    def start(self, command):
        return -1, 1, False

    def snapshot(self, index, snapshot):
        pass
