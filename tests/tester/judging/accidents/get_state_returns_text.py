"""get_state() returns words, and many of them."""


class Raft:
    def __init__(self, peers, me, persister, apply_ch):
        self.peers, self.me = peers, me

    def get_state(self):
        return "leader" * 100_000

    def start(self, command):
        return -1, 1, False

    def snapshot(self, index, snapshot):
        pass
