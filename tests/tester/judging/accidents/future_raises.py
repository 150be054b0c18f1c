"""An executor's task raises, and nobody looks at its future."""

from concurrent.futures import ThreadPoolExecutor


class Raft:
    def __init__(self, peers, me, persister, apply_ch):
        self.peers, self.me = peers, me
        self.pool = ThreadPoolExecutor(2)
        self.role = "follower"
        self.pool.submit(self.campaign)

    def get_state(self):
        return 1, self.role == "leader"

    def start(self, command):
        return -1, 1, False

    def snapshot(self, index, snapshot):
        pass

    def campaign(self):
        self.role = "leader" if self.votes > 1 else "follower"
