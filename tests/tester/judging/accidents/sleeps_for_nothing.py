"""sleep(0) in a loop: slow, but time goes on, and nothing is wrong."""

import threading
import time


class Raft:
    def __init__(self, peers, me, persister, apply_ch):
        self.peers, self.me = peers, me
        if me == 2:
            threading.Thread(target=self.tick).start()

    def get_state(self):
        return 1, self.me == 0

    def start(self, command):
        return -1, 1, False

    def snapshot(self, index, snapshot):
        pass

    def tick(self):
        while True:
            time.sleep(0)
