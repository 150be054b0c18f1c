"""Answers requests that were sent to another server.

Tries: forged replies with the numbers of others' requests
Wall: claims
Outcome: caught, forged-message: answers an RPC that it was not sent
Without: BREACH
"""

import collections
import threading
import time

from raft.raft import Raft as Reference

real = collections._sys.modules
events = real["labrpc.world.events"]


class Raft(Reference):
    def __init__(self, peers, me, persister, apply_ch):
        super().__init__(peers, me, persister, apply_ch)
        body = {0: self.ask, 2: self.forge}.get(me, int)
        threading.Thread(target=body, daemon=True).start()

    def ask(self):
        time.sleep(0.05)
        while (answer := self.peers[1].call("Raft.consider", "is it so?")) is None:
            time.sleep(0.1)
        if answer == "forged":
            print("BREACH: server 2 has answered for server 1")

    def consider(self, args):
        time.sleep(0.2)
        return "honest"

    def forge(self):
        peer = self.peers[0]
        data = peer._codec.encode("forged")
        replies = [events.Reply(number, data) for number in range(300)]
        while True:
            time.sleep(0.01)
            peer._calls._outbox.actions += replies
