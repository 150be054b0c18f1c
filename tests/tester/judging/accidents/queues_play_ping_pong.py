"""Two threads hand each other the same item, at one instant of time."""

import queue
import threading


class Raft:
    def __init__(self, peers, me, persister, apply_ch):
        self.peers, self.me = peers, me
        left, right = queue.Queue(), queue.Queue()
        left.put("ball")
        threading.Thread(target=self.play, args=(left, right), name="ping").start()
        threading.Thread(target=self.play, args=(right, left), name="pong").start()

    def get_state(self):
        return 1, self.me == 0

    def start(self, command):
        return -1, 1, False

    def snapshot(self, index, snapshot):
        pass

    def play(self, source, target):
        while True:
            target.put(source.get())
