"""Threads are started again and again, and each waits with what it is to send."""

import threading
import time


class Raft:
    def __init__(self, peers, me, persister, apply_ch):
        self.peers, self.me = peers, me
        threading.Thread(target=self.work).start()

    def get_state(self):
        return 1, self.me == 0

    def start(self, command):
        return -1, 1, False

    def snapshot(self, index, snapshot):
        pass

    def work(self):
        while True:
            time.sleep(0.001)
            for _ in range(100):
                threading.Thread(target=self.send, args=(b"x" * 100_000,)).start()

    def send(self, entries):
        time.sleep(3600)
