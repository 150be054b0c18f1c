"""A regular expression that tries everything."""

import re
import threading


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
        re.match("(a+)+b", "a" * 50)
