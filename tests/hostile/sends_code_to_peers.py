"""Sends the others an object that runs code where it is unpickled.

Tries: an RPC argument with __reduce__
Wall: processes
Outcome: harmless
Without: BREACH
"""

import collections
import threading
import time

from raft.raft import Raft as Reference

real = collections._sys.modules


def look_around():
    if "tester.judging.run" in real:
        print("BREACH: code in a message runs in the grader")


class Bomb:
    def __reduce__(self):
        return look_around, ()


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        threading.Thread(target=self.send, daemon=True).start()

    def send(self):
        peer = self.peers[(self.me + 1) % len(self.peers)]
        while peer.call("Raft.take", Bomb()) is None:
            time.sleep(0.1)

    def take(self, args):
        return "taken"
