"""Each server calls the next with its lock held, which the handlers need."""

import threading
import time


class Raft:
    def __init__(self, peers, me, persister, apply_ch):
        self.peers, self.me = peers, me
        self.lock = threading.Lock()
        threading.Thread(target=self.tell, name="teller").start()

    def get_state(self):
        with self.lock:
            return 1, self.me == 0

    def start(self, command):
        return -1, 1, False

    def snapshot(self, index, snapshot):
        pass

    def tell(self):
        time.sleep(0.1)
        with self.lock:
            self.peers[(self.me + 1) % 3].call("Raft.hear", self.me)

    def hear(self, args):
        with self.lock:
            return args
