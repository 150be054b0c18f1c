"""Two threads take two locks in opposite order."""

import threading
import time


class Raft:
    def __init__(self, peers, me, persister, apply_ch):
        self.peers, self.me = peers, me
        self.log_lock, self.vote_lock = threading.Lock(), threading.Lock()
        threading.Thread(target=self.replicate, name="replicator").start()
        threading.Thread(target=self.elect, name="elector").start()

    def get_state(self):
        return 1, self.me == 0

    def start(self, command):
        return -1, 1, False

    def snapshot(self, index, snapshot):
        pass

    def replicate(self):
        with self.log_lock:
            time.sleep(0.1)
            with self.vote_lock:
                pass

    def elect(self):
        with self.vote_lock:
            time.sleep(0.1)
            with self.log_lock:
                pass
