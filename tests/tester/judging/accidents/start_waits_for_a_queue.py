"""start() waits for a majority's answers, which nobody puts in the queue."""

import queue


class Raft:
    def __init__(self, peers, me, persister, apply_ch):
        self.peers, self.me = peers, me
        self.answers = queue.Queue()

    def get_state(self):
        return 1, self.me == 0

    def start(self, command):
        return self.answers.get()

    def snapshot(self, index, snapshot):
        pass
