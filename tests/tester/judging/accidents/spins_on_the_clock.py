"""A loop reads the clock until it is time, twice a second: slow, but time goes on."""

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
            deadline = time.time() + 0.1
            while time.time() < deadline:
                pass
            time.sleep(0.4)
