"""__repr__ prints the object itself."""

import threading


class Raft:
    def __init__(self, peers, me, persister, apply_ch):
        self.peers, self.me = peers, me
        threading.Thread(target=print, args=(self,)).start()

    def get_state(self):
        return 1, self.me == 0

    def start(self, command):
        return -1, 1, False

    def snapshot(self, index, snapshot):
        pass

    def __repr__(self):
        return f"<Raft {self!r}>"
