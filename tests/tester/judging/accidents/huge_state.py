"""What is persisted doubles each time."""

import threading
import time


class Raft:
    def __init__(self, peers, me, persister, apply_ch):
        self.peers, self.me = peers, me
        self.persister = persister
        threading.Thread(target=self.work).start()

    def get_state(self):
        return 1, self.me == 0

    def start(self, command):
        return -1, 1, False

    def snapshot(self, index, snapshot):
        pass

    def work(self):
        state = b"x"
        while True:
            self.persister.save(state)
            state += state
            time.sleep(0.01)
