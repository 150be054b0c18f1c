"""__del__ raises: the object was never finished."""


class Timer:
    def __del__(self):
        self.thread.cancel()


class Raft:
    def __init__(self, peers, me, persister, apply_ch):
        self.peers, self.me = peers, me
        Timer()

    def get_state(self):
        return 1, self.me == 0

    def start(self, command):
        return -1, 1, False

    def snapshot(self, index, snapshot):
        pass
