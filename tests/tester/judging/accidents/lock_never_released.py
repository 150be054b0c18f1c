"""A thread returns early and keeps the lock; everybody else waits."""

import threading
import time


class Raft:
    def __init__(self, peers, me, persister, apply_ch):
        self.peers, self.me = peers, me
        self.lock = threading.Lock()
        threading.Thread(target=self.campaign, name="campaign").start()

    def get_state(self):
        with self.lock:
            return 1, self.me == 0

    def start(self, command):
        return -1, 1, False

    def snapshot(self, index, snapshot):
        pass

    def campaign(self):
        time.sleep(0.1)
        self.lock.acquire()
        if self.me:
            return
        self.lock.release()
