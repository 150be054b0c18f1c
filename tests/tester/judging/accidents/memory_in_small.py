"""A list of small objects grows, a few thousand at each tick."""

import threading
import time


class Raft:
    def __init__(self, peers, me, persister, apply_ch):
        self.peers, self.me = peers, me
        self.log = []
        threading.Thread(target=self.work).start()

    def get_state(self):
        return 1, self.me == 0

    def start(self, command):
        return -1, 1, False

    def snapshot(self, index, snapshot):
        pass

    def work(self):
        while True:
            self.log += [(1, str(n)) for n in range(100_000)]
            time.sleep(0.0001)
