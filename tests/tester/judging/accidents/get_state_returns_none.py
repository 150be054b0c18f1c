"""get_state() forgets to return."""


class Raft:
    def __init__(self, peers, me, persister, apply_ch):
        self.peers, self.me = peers, me

    def get_state(self):
        self.me == 0  # noqa: B015

    def start(self, command):
        return -1, 1, False

    def snapshot(self, index, snapshot):
        pass
