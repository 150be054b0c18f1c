"""The constructor waits, spinning, for a leader."""


class Raft:
    def __init__(self, peers, me, persister, apply_ch):
        self.peers, self.me = peers, me
        while not self.get_state()[1]:
            pass

    def get_state(self):
        return 1, self.me == 0

    def start(self, command):
        return -1, 1, False

    def snapshot(self, index, snapshot):
        pass
