"""A thread prints its whole log each time; the log grows."""

import threading
import time


class Raft:
    def __init__(self, peers, me, persister, apply_ch):
        self.peers, self.me = peers, me
        threading.Thread(target=self.chat).start()

    def get_state(self):
        return 1, self.me == 0

    def start(self, command):
        return -1, 1, False

    def snapshot(self, index, snapshot):
        pass

    def chat(self):
        log = "entry " * 1_000_000
        while True:
            print(log)
            time.sleep(0.1)
