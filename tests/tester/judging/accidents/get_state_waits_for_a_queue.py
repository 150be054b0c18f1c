"""get_state() waits for an answer that no thread gives; time-outs are swallowed."""

import queue


class Raft:
    def __init__(self, peers, me, persister, apply_ch):
        self.peers, self.me = peers, me
        self.answers = queue.Queue()

    def get_state(self):
        return self.ask()

    def start(self, command):
        return -1, 1, False

    def snapshot(self, index, snapshot):
        pass

    def ask(self):
        try:
            return self.answers.get()
        except BaseException:
            return self.ask()
