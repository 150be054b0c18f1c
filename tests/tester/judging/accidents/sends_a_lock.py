"""An RPC's arguments hold a Lock."""

import threading


class Args:
    def __init__(self, term):
        self.term = term
        self.lock = threading.Lock()


class Raft:
    def __init__(self, peers, me, persister, apply_ch):
        self.peers, self.me = peers, me
        threading.Thread(target=peers[0].call, args=("Raft.ping", Args(me))).start()

    def get_state(self):
        return 1, self.me == 0

    def start(self, command):
        return -1, 1, False

    def snapshot(self, index, snapshot):
        pass
