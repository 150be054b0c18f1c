"""A thread goes on after kill()."""

import threading
import time


class Raft:
    def __init__(self, peers, me, persister, apply_ch):
        self.peers, self.me = peers, me
        threading.Thread(target=self.tick, name="ticker").start()

    def get_state(self):
        return 1, self.me == 0

    def start(self, command):
        return -1, 1, False

    def snapshot(self, index, snapshot):
        pass

    def tick(self):
        while True:
            time.sleep(0.1)

    def kill(self):
        self.killed = True
