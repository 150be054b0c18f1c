"""A generator is left in the middle, and swallows its end."""


def count():
    number = 0
    while True:
        try:
            yield number
        except BaseException:
            number += 1


class Raft:
    def __init__(self, peers, me, persister, apply_ch):
        self.peers, self.me = peers, me
        self.numbers = count()
        next(self.numbers)

    def get_state(self):
        return 1, self.me == 0

    def start(self, command):
        return -1, 1, False

    def snapshot(self, index, snapshot):
        pass
